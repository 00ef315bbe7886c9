import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { ashSignSnapshot, CryptoClient } from 'nestjs-ash/snapshot/client';

// What the messages of the snapshots cost, for each size of them: the time of each task as a multiple of what node:crypto
// takes for AES-256-GCM over the same bytes with a message of its own (a random IV, the ciphertext and the tag), round
// by round in one run. `node bench/snapshot.mjs [rounds]`, after a build.
//
// The cipher array-crypto has BLAKE2s in it, for which processors have no instructions: what OpenSSL takes for that alone
// is the floor beneath every implementation of it.

const ROUNDS = Number(process.argv[2] ?? 31);
const SIZES = { '100 B': 100, '4 KB': 4_096, '64 KB': 65_536, '1 MB': 1_048_576, '16 MB': 16_777_216 };
const BYTES_A_ROUND = 4_194_304;
const MOST_CALLS = 500;
const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

const key = randomBytes(32);
const now = Date.now();

/** Stands for a server, so that no network is in the figures. */
async function answerHere(url) {
  if (url.endsWith('/handshake')) return Response.json({ status: 'ok' });
  const fields = { tick: 7, seed: 440_819_391, timestamp: Math.floor(now / 1_000) };
  return Response.json({ ...fields, signature: ashSignSnapshot(key, fields) });
}

function sealWithNode(plaintext) {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv);
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function updateWithNode(plaintext) {
  const cipher = createCipheriv(ALGORITHM, key, randomBytes(IV_BYTES));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return [ciphertext, cipher.getAuthTag()];
}

function openWithNode(message) {
  const decipher = createDecipheriv(ALGORITHM, key, message.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(message.subarray(-TAG_BYTES));
  const plaintext = decipher.update(message.subarray(IV_BYTES, -TAG_BYTES));
  decipher.final();
  return plaintext;
}

async function milliseconds(task, calls) {
  const begin = performance.now();
  for (let call = 0; call < calls; call++) await task();
  return performance.now() - begin;
}

const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];

/** The tasks, each beside what it is measured against. */
async function tasksFor(plaintext, gcm, array) {
  const [ofNode, ofGcm, ofArray] = [
    sealWithNode(plaintext),
    await gcm.encryptMessage(plaintext),
    await array.encryptMessage(plaintext),
  ];
  const [seal, open] = ['node:crypto, sealing', 'node:crypto, opening'];
  return {
    [seal]: { run: () => sealWithNode(plaintext), beside: seal },
    'node:crypto, no message built': { run: () => updateWithNode(plaintext), beside: seal },
    'aes-256-gcm, sealing': { run: () => gcm.encryptMessage(plaintext), beside: seal },
    'array-crypto, sealing': { run: () => array.encryptMessage(plaintext), beside: seal },
    [open]: { run: () => openWithNode(ofNode), beside: open },
    'aes-256-gcm, opening': { run: () => gcm.decryptMessage(ofGcm), beside: open },
    'array-crypto, opening': { run: () => array.decryptMessage(ofArray), beside: open },
    'BLAKE2s of OpenSSL alone': { run: () => createHash('blake2s256').update(plaintext).digest(), beside: seal },
  };
}

async function measure(title, size, gcm, array) {
  const tasks = await tasksFor(randomBytes(size), gcm, array);
  const calls = Math.min(MOST_CALLS, Math.ceil(BYTES_A_ROUND / size));
  const times = Object.fromEntries(Object.keys(tasks).map((name) => [name, []]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, { run }] of Object.entries(tasks)) {
      const time = await milliseconds(run, calls);
      // The round before the first is the warm-up.
      if (round >= 0) times[name].push(time);
    }
  }
  console.log(`${title}, ${calls} calls in each of ${ROUNDS} rounds`);
  for (const [name, { beside }] of Object.entries(tasks)) {
    const ratios = sorted(times[name].map((time, round) => time / times[beside][round]));
    const [least, middle, most] = [ratios[0], median(ratios), ratios.at(-1)].map((ratio) => ratio.toFixed(2));
    const time = median(times[name]) / calls;
    console.log(
      [
        `  ${name.padEnd(30)} ${middle.padStart(6)} × ${beside} (${least} to ${most})`.padEnd(75),
        `${(time * 1_000).toFixed(1)} µs`.padStart(12),
        `${(size / 1_000 / time).toFixed(0)} MB/s here`.padStart(15),
      ].join(' '),
    );
  }
}

const clientOf = (cipher) => new CryptoClient({ secretKey: key, cipher, fetch: answerHere, clock: () => now });
const gcm = clientOf('aes-256-gcm');
const array = clientOf('array-crypto');
for (const [title, size] of Object.entries(SIZES)) await measure(title, size, gcm, array);
await Promise.all([gcm.close(), array.close()]);
