import * as digest from '#digest';
import { AshError, type AshMode, type AshProtocol } from '../core/index.js';
import { contextOf, type AshContext, type AshContextMetadata, type ContextFields } from './context.js';
import { LONGEST_ID } from './key-ring.js';

/** All that an identifier holds of its context. */
export interface SealedContext {
  readonly context: Omit<ContextFields, 'consumedAt'>;
  /** The shard of the spent set that the context is spent in. */
  readonly shard: number;
  /** The epoch of that shard when the context was issued. */
  readonly epoch: string;
}

/** What an identifier was opened to. */
export interface OpenedContext extends SealedContext {
  readonly context: AshContext;
}

// By their places. What stands in identifiers stays as it is: a new one goes to the end.
const MODES: readonly AshMode[] = ['minimal', 'balanced', 'strict'];
const PROTOCOLS: readonly AshProtocol[] = ['v1', 'v2.1', 'v2.2', 'v2.3'];
const MODE_BITS = 2;
const MODE_MASK = 0b11;

const NONCE_BYTES = 32;
const SPENT_KEY_DIGITS = 32;

/** Where each part begins, in bytes: mode and protocol in the first one, then numbers of a fixed size, then texts. */
const AT = { shard: 1, issuedAt: 3, expiresAt: 11, nonce: 19, epoch: 19 + NONCE_BYTES } as const;

/** As many shards as the two bytes for one can tell apart. */
export const MOST_SHARDS = 65_536;

/** How many bytes say how long the two pieces of an epoch are. */
const EPOCH_LENGTHS = 2;

/** An epoch that is hex digits, in one piece or two, as bytes: it takes half of the room. */
const HEX_EPOCH = /^((?:[0-9a-f]{2})+)(?::((?:[0-9a-f]{2})+))?$/;

/** As JSON: without what is missing at the end, and `null` for what is missing before. */
type Texts = [
  binding: string,
  subject?: string | null,
  scope?: readonly string[] | null,
  metadata?: AshContextMetadata | null,
];

/**
 * The bytes to seal.
 *
 * @param room How many bytes there may be.
 * @throws AshError `ASH_CANONICALIZATION_ERROR` where they are more, or the metadata is no JSON value.
 */
export function encodeSealedContext({ context, shard, epoch }: SealedContext, room: number): Buffer {
  const { lengths, text, encoding } = writtenEpoch(epoch);
  const texts = encodeTexts(context);
  const textsStart = AT.epoch + EPOCH_LENGTHS + lengths[0] + lengths[1];
  const size = textsStart + Buffer.byteLength(texts);
  if (size > room) throw tooLong(context, size - room);
  const bytes = Buffer.alloc(size);
  bytes.writeUInt8(placeOf(MODES, context.mode) | (placeOf(PROTOCOLS, context.protocol) << MODE_BITS), 0);
  bytes.writeUInt16BE(shard, AT.shard);
  bytes.writeDoubleBE(context.issuedAt, AT.issuedAt);
  bytes.writeDoubleBE(context.expiresAt, AT.expiresAt);
  bytes.write(context.nonce, AT.nonce, 'hex');
  bytes.set(lengths, AT.epoch);
  bytes.write(text, AT.epoch + EPOCH_LENGTHS, encoding);
  bytes.write(texts, textsStart);
  return bytes;
}

/**
 * What was sealed; `undefined` where a later version sealed what this one does not know.
 *
 * @param id The identifier that held them.
 * @param bytes What {@link encodeSealedContext} made: only authentic bytes come here.
 */
export function decodeSealedContext(id: string, bytes: Buffer): OpenedContext | undefined {
  const kind = bytes.readUInt8(0);
  const mode = MODES[kind & MODE_MASK];
  const protocol = PROTOCOLS[kind >> MODE_BITS];
  if (mode === undefined || protocol === undefined) return undefined;
  const { epoch, end } = decodeEpoch(bytes, AT.epoch);
  const [binding, subject, scope, metadata] = JSON.parse(bytes.toString('utf8', end)) as Texts;
  return {
    context: contextOf(id, {
      binding,
      mode,
      protocol,
      issuedAt: bytes.readDoubleBE(AT.issuedAt),
      expiresAt: bytes.readDoubleBE(AT.expiresAt),
      subject: subject ?? undefined,
      scope: scope ?? undefined,
      metadata: metadata ?? undefined,
      nonce: bytes.toString('hex', AT.nonce, AT.epoch),
    }),
    shard: bytes.readUInt16BE(AT.shard),
    epoch,
  };
}

/**
 * The key under which a context is spent. It comes from what is sealed, so a context has one, however its identifier is
 * written; and it is a digest, so that the spent set knows no nonce.
 */
export function spentKeyOf({ context: { nonce } }: SealedContext): string {
  return digest.sha256Hex(`ash-spent|${nonce}`).slice(0, SPENT_KEY_DIGITS);
}

/** Two lengths in bytes, and what they count: two pieces of hex digits, or, where the first is 0, a text. */
interface WrittenEpoch {
  readonly lengths: readonly [first: number, second: number];
  readonly text: string;
  readonly encoding: 'hex' | 'latin1';
}

function writtenEpoch(epoch: string): WrittenEpoch {
  const [, first, second = ''] = HEX_EPOCH.exec(epoch) ?? [];
  if (first === undefined) return { lengths: [0, epoch.length], text: epoch, encoding: 'latin1' };
  return { lengths: [first.length / 2, second.length / 2], text: first + second, encoding: 'hex' };
}

function decodeEpoch(bytes: Buffer, at: number): { epoch: string; end: number } {
  const [first, second, start] = [bytes.readUInt8(at), bytes.readUInt8(at + 1), at + EPOCH_LENGTHS];
  const middle = start + first;
  const end = middle + second;
  if (first === 0) return { epoch: bytes.toString('latin1', start, end), end };
  const rest = second === 0 ? '' : `:${bytes.toString('hex', middle, end)}`;
  return { epoch: bytes.toString('hex', start, middle) + rest, end };
}

function encodeTexts({ binding, subject, scope, metadata }: SealedContext['context']): string {
  const texts: unknown[] = [binding, subject, scope, metadata];
  while (texts.at(-1) === undefined) texts.pop();
  try {
    return JSON.stringify(texts);
  } catch (error) {
    throw new AshError('ASH_CANONICALIZATION_ERROR', 'metadata: it is no JSON value, so it cannot be sealed.', {
      cause: error,
    });
  }
}

function tooLong({ binding, subject, scope, metadata }: SealedContext['context'], excess: number): AshError {
  const parts = Object.entries({ binding, subject, scope, metadata })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, size: Buffer.byteLength(JSON.stringify(value)) }))
    .sort((a, b) => b.size - a.size);
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  const sizes = parts.map(({ name, size }) => `${name} ${size}`).join(', ');
  return new AshError(
    'ASH_CANONICALIZATION_ERROR',
    `A sealed context has to fit into an identifier of ${LONGEST_ID} characters: ${sizes} are ${total} bytes, ` +
      `and ${total - excess} is the most. Shorten '${parts[0]?.name ?? 'binding'}', or keep it elsewhere and seal a key to it.`,
  );
}

function placeOf<T extends string>(names: readonly T[], name: T): number {
  const place = names.indexOf(name);
  if (place === -1) throw new TypeError(`A context of '${name}' cannot be sealed: it is none of ${names.join(', ')}.`);
  return place;
}
