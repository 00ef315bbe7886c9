import { orUncanonical, uncanonical } from '../../core/errors.js';
import { AshError, ashParseJson, isAshError } from '../../core/index.js';
import { isJsonType, JSON_TYPE } from '../../core/media-type.js';
import type { AshEnvelope, OpenedRequest, PlainAnswer, SealedAnswer } from '../../verification/envelope.js';
import type { AshBodyFacts } from '../../verification/facts.js';
import { isAbsent, requireParsed } from '../../verification/payload.js';
import type { AshCipher } from '../cipher/cipher.js';
import {
  answerPurpose,
  packAnswer,
  readSealed,
  refusalPurpose,
  requestPurpose,
  SEALED_TYPE,
  writeSealed,
} from '../cipher/envelope.js';
import { isCryptoError } from '../cipher/errors.js';
import type { OpenedMessage } from '../cipher/message-sealer.js';
import type { SnapshotSeed } from '../cipher/snapshot.js';
import type { AshSnapshots } from './ash-snapshots.js';

/** What an envelope needs of the snapshots of a server. */
type Snapshots = Pick<AshSnapshots, 'completeSecret' | 'find' | 'openFor' | 'sealFor'>;

const NOT_SEALED = 'This route takes sealed bodies: {"sealed":"…"} as JSON, which ashEncryptedFetch sends.';

/**
 * Opens the requests and seals the answers of routes with `@AshEncrypted()`, with the snapshots of the server.
 *
 * Each message is bound to the context that the request spends, an answer to its status too. An answer is sealed with the
 * snapshot of its request, which the client has; with that of the moment where the request had no body, or where its
 * handler took so long that its snapshot is not kept any more. A refusal is sealed with that of the moment.
 */
export class SnapshotEnvelope implements AshEnvelope {
  readonly unfit: string | undefined;

  constructor(
    private readonly snapshots: Snapshots,
    cipher: AshCipher,
  ) {
    this.unfit =
      cipher === 'aes-256-gcm'
        ? undefined
        : `the cipher '${cipher}' of AshSnapshotModule hides nothing; leave 'cipher' out, or set it to 'aes-256-gcm'`;
  }

  async open(body: AshBodyFacts, contextId: string): Promise<OpenedRequest> {
    if (isAbsent(body)) return this.opened(body, contextId);
    if (!isJsonType(body.mediaType)) throw new AshError('ASH_UNSUPPORTED_CONTENT_TYPE', NOT_SEALED);
    requireParsed(body);
    const message = readSealed(body.value);
    if (message === undefined) throw new AshError('ASH_UNSUPPORTED_CONTENT_TYPE', NOT_SEALED);
    const { plaintext, snapshot } = await this.openMessage(message, contextId);
    return this.opened(
      {
        present: true,
        value: readJson(plaintext),
        // An application that keeps the bytes of bodies finds those that its handlers would have seen.
        raw: body.raw && Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength),
        mediaType: JSON_TYPE,
      },
      contextId,
      snapshot,
    );
  }

  completeSecret(contextId: string, clientSecret: string): string {
    return this.snapshots.completeSecret({ contextId, clientSecret });
  }

  async sealRefusal(answer: PlainAnswer, contextId: string): Promise<SealedAnswer> {
    return this.seal(refusalPurpose(contextId, answer.status), answer);
  }

  private opened(body: AshBodyFacts, contextId: string, snapshot?: SnapshotSeed): OpenedRequest {
    return {
      body,
      seal: async (answer) =>
        this.seal(answerPurpose(contextId, answer.status), answer, snapshot && (await this.ifKept(snapshot))),
    };
  }

  private async seal(
    purpose: string,
    { contentType, body }: PlainAnswer,
    snapshot?: SnapshotSeed,
  ): Promise<SealedAnswer> {
    const message = await this.snapshots.sealFor(purpose, packAnswer(contentType, body), snapshot);
    return { contentType: SEALED_TYPE, body: writeSealed(message) };
  }

  private async ifKept(snapshot: SnapshotSeed): Promise<SnapshotSeed | undefined> {
    try {
      await this.snapshots.find({ tick: snapshot.tick });
      return snapshot;
    } catch (error) {
      // It is at hand: only who says that it is not kept keeps it from being used.
      return isCryptoError(error) ? undefined : snapshot;
    }
  }

  private async openMessage(message: Uint8Array, contextId: string): Promise<OpenedMessage> {
    try {
      return await this.snapshots.openFor(requestPurpose(contextId), message);
    } catch (error) {
      throw isCryptoError(error) ? refusalOf(error) : error;
    }
  }
}

function refusalOf(cause: Error & { readonly code: string }): AshError {
  if (cause.code === 'ASH_CRYPTO_SNAPSHOT_EXPIRED') {
    return new AshError(
      'ASH_TIMESTAMP_INVALID',
      'The body was sealed with a snapshot that is not kept: seal it anew, and see that the clocks agree.',
      { cause },
    );
  }
  return new AshError('ASH_INTEGRITY_FAILED', 'The sealed body cannot be opened.', { cause });
}

/** The value of a JSON text, as a parser of the application would have given it. What is wrong with it is not said. */
function readJson(plaintext: Uint8Array): unknown {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    const text = orUncanonical(() => decoder.decode(plaintext), 'The text is not UTF-8.');
    if (isPoisoned(ashParseJson(text))) throw uncanonical("The text has a member of the name '__proto__'.");
    return JSON.parse(text);
  } catch (cause) {
    if (!isAshError(cause)) throw cause;
    throw uncanonical('The sealed body is no strict JSON.', cause);
  }
}

/** Whether an own member of the name `__proto__` is in a value, which a handler that copies it would take for more. */
function isPoisoned(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(isPoisoned);
}
