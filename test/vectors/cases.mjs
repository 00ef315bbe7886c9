/**
 * The expected values of the protocol as cases that any build of the core can be held against: in jest, from the
 * CommonJS and the ESM build, and in a browser. A case is a title and a function that answers `[actual, expected]`.
 *
 * @param {typeof import('../../lib/core/index.js')} ash
 * @param {Record<string, any[]>} vectors
 * @returns {{ title: string, run: () => [unknown, unknown] }[]}
 */
export function vectorCases(ash, vectors) {
  const suites = {
    json: (row) => [ash.ashCanonicalizeJson(row.text), row.canonical],
    form: (row) => [ash.ashCanonicalizeUrlencoded(row.text), row.canonical],
    binding: (row) => [ash.ashNormalizeBinding(row.method, row.path), row.binding],
    context: (row) => [ash.ashDeriveClientSecret(row.nonce, row.contextId, row.binding), row.clientSecret],
    v1: (row) => {
      const proof = ash.ashBuildProof(row.mode, row.binding, row.contextId, row.nonce, row.canonical);
      return [
        { proof, verified: ash.ashVerifyProof(row.proof, proof) },
        { proof: row.proof, verified: true },
      ];
    },
    'v2.1': (row) => [ash.ashBuildProofV21(row.clientSecret, row.timestamp, row.binding, row.bodyHash), row.proof],
    'v2.1-chained': (row) => [
      ash.ashBuildProofV21Chained(row.clientSecret, row.timestamp, row.binding, row.bodyHash, row.previousProof),
      { proof: row.proof, chainHash: row.chainHash },
    ],
    'v2.2': (row) => [
      ash.ashBuildProofV21Scoped(
        row.clientSecret,
        row.timestamp,
        row.binding,
        ash.ashParseJson(row.payload),
        row.scope,
      ),
      { proof: row.proof, scopeHash: row.scopeHash },
    ],
    'v2.3': (row) => {
      const payload = ash.ashParseJson(row.payload);
      const { clientSecret, timestamp, binding, scope, previousProof } = row;
      const built = ash.ashBuildProofUnified(clientSecret, timestamp, binding, payload, scope, previousProof);
      const verified = ash.ashVerifyProofUnified(
        row.nonce,
        row.contextId,
        binding,
        timestamp,
        payload,
        row.proof,
        scope,
        row.scopeHash,
        previousProof,
        row.chainHash,
      );
      const { proof, scopeHash, chainHash } = row;
      return [
        { ...built, verified },
        { proof, scopeHash, chainHash, verified: true },
      ];
    },
    errors: (row) => {
      const refuse = {
        json: () => ash.ashCanonicalizeJson(row.text),
        form: () => ash.ashCanonicalizeUrlencoded(row.text),
        binding: () => ash.ashParseBinding(row.text),
      };
      try {
        return [refuse[row.of](), row.code];
      } catch (error) {
        return [error.code, row.code];
      }
    },
  };
  return casesOf(suites, vectors);
}

/**
 * The same for the snapshots.
 *
 * @param {typeof import('../../lib/snapshot/index.js')} snapshot
 * @param {Record<string, any[]>} vectors
 */
export function snapshotCases(snapshot, vectors) {
  return casesOf(
    {
      arrayCrypto: (row) => {
        const [salt, plaintext, message] = [bytes(row.salt), bytes(row.plaintext), bytes(row.message)];
        return [
          {
            key: hex(snapshot.ashArrayKey(row.seed, salt)),
            message: hex(snapshot.ashArrayEncrypt(plaintext, row.seed, salt)),
            plaintext: hex(snapshot.ashArrayDecrypt(message, row.seed)),
          },
          { key: row.key, message: row.message, plaintext: row.plaintext },
        ];
      },
      snapshotSignature: (row) => {
        const key = Uint8Array.from(atob(row.secretKey), (character) => character.charCodeAt(0));
        return [snapshot.ashSignSnapshot(key, row), row.signature];
      },
    },
    vectors,
  );
}

function casesOf(suites, vectors) {
  return Object.entries(suites).flatMap(([name, run]) => {
    const rows = vectors[name];
    if (!Array.isArray(rows) || rows.length === 0) throw new Error(`The vectors have no rows for '${name}'.`);
    return rows.map((row, index) => ({ title: `${name} ${index + 1}`, run: () => run(row) }));
  });
}

function bytes(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hex(data) {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
