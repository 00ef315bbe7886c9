import type { AshBodyFacts } from '../../verification/facts.js';
import { isAshError } from '../../core/index.js';
import { completedSecret, type SecretParts } from '../cipher/completed-secret.js';
import { gcmCipher } from '../cipher/gcm-cipher.js';
import { readSealed, unpackAnswer, writeSealed } from '../cipher/envelope.js';
import { SnapshotError } from '../cipher/errors.js';
import { MessageSealer } from '../cipher/message-sealer.js';
import type { SnapshotQuery, SnapshotSeed } from '../cipher/snapshot.js';
import { SnapshotEnvelope } from './snapshot-envelope.js';

const CONTEXT = 'ash_1';
const NOTHING: AshBodyFacts = { present: false, value: undefined, raw: undefined, mediaType: '' };

/** Snapshots of a few ticks, the newest of which is that of the moment. */
class Ticking {
  readonly kept: SnapshotSeed[] = [1, 2].map((tick) => ({ tick, seed: tick * 10, timestamp: tick }));
  failure: Error | undefined;
  readonly sealer = new MessageSealer(gcmCipher(new Uint8Array(32)), this);

  current(): Promise<SnapshotSeed> {
    return this.find({ tick: this.kept.at(-1)?.tick ?? 0 });
  }

  find(query: SnapshotQuery): Promise<SnapshotSeed> {
    const found = this.kept.find(({ tick }) => 'tick' in query && tick === query.tick);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (found !== undefined) return Promise.resolve(found);
    return Promise.reject(new SnapshotError('ASH_CRYPTO_SNAPSHOT_EXPIRED', 'not kept'));
  }

  sealFor(bound: string, data: string | Uint8Array, snapshot?: SnapshotSeed): ReturnType<MessageSealer['seal']> {
    return this.sealer.seal(data, bound, snapshot);
  }

  openFor(bound: string, message: Uint8Array): ReturnType<MessageSealer['open']> {
    return this.sealer.open(message, bound);
  }

  completeSecret(context: SecretParts): string {
    return completedSecret(new Uint8Array(32), context);
  }
}

/** The envelope under test with its snapshots, and what a client does. */
class Scene {
  readonly snapshots = new Ticking();
  // Under both names of what it asks for.
  readonly envelope = new SnapshotEnvelope(
    {
      find: (query) => this.snapshots.find(query).then((seed) => ({ ...seed, signature: '' })),
      sealFor: (...given) => this.snapshots.sealFor(...given),
      openFor: (...given) => this.snapshots.openFor(...given),
      completeSecret: (context) => this.snapshots.completeSecret(context),
    },
    'aes-256-gcm',
  );

  async body(text: string, { bound = `ash-request|${CONTEXT}`, tick = 2 } = {}): Promise<AshBodyFacts> {
    const message = await this.snapshots.sealFor(bound, text, this.snapshots.kept[tick - 1]);
    return jsonBody(JSON.parse(writeSealed(message)));
  }

  async codeOf(body: AshBodyFacts): Promise<unknown> {
    try {
      await this.envelope.open(body, CONTEXT);
      return 'opened';
    } catch (error) {
      return isAshError(error) ? error.code : error;
    }
  }
}

function jsonBody(value: unknown): AshBodyFacts {
  return { present: true, value, raw: undefined, mediaType: 'application/json' };
}

describe('SnapshotEnvelope', () => {
  it('opens a body into the value that a parser would have given', async () => {
    const scene = new Scene();
    const { body } = await scene.envelope.open(await scene.body('{"a":[1,"é"]}'), CONTEXT);
    expect(body).toStrictEqual({
      present: true,
      value: { a: [1, 'é'] },
      raw: undefined,
      mediaType: 'application/json',
    });
  });

  it('gives an application that keeps bytes those of the plaintext', async () => {
    const scene = new Scene();
    const sealed = { ...(await scene.body('[1]')), raw: Uint8Array.of(1) };
    expect((await scene.envelope.open(sealed, CONTEXT)).body.raw).toStrictEqual(Buffer.from('[1]'));
  });

  it('leaves a request without a body as it is', async () => {
    expect((await new Scene().envelope.open(NOTHING, CONTEXT)).body).toBe(NOTHING);
  });

  type Row = [title: string, body: (scene: Scene) => AshBodyFacts | Promise<AshBodyFacts>, code: string];
  const rows: Row[] = [
    ['plain JSON', () => jsonBody({ amount: 1 }), 'ASH_UNSUPPORTED_CONTENT_TYPE'],
    ['another content type', () => ({ ...jsonBody({}), mediaType: 'text/plain' }), 'ASH_UNSUPPORTED_CONTENT_TYPE'],
    ['what no parser has read', () => jsonBody(undefined), 'ASH_RAW_BODY_UNAVAILABLE'],
    ['what a parser left as bytes', () => jsonBody(Uint8Array.of(123)), 'ASH_RAW_BODY_UNAVAILABLE'],
    ['what is no message', () => jsonBody({ sealed: 'AQID' }), 'ASH_INTEGRITY_FAILED'],
    ['another context', (scene) => scene.body('{}', { bound: 'ash-request|ash_2' }), 'ASH_INTEGRITY_FAILED'],
    ['an answer', (scene) => scene.body('{}', { bound: `ash-answer|${CONTEXT}|200` }), 'ASH_INTEGRITY_FAILED'],
    ['no JSON', (scene) => scene.body('{'), 'ASH_CANONICALIZATION_ERROR'],
    ['nothing', (scene) => scene.body(''), 'ASH_CANONICALIZATION_ERROR'],
    ['a key twice', (scene) => scene.body('{"a":1,"a":1}'), 'ASH_CANONICALIZATION_ERROR'],
    ['a prototype', (scene) => scene.body('[{"a":{"\\u005f_proto__":null}}]'), 'ASH_CANONICALIZATION_ERROR'],
    ['a byte order mark', (scene) => scene.body('\ufeff{}'), 'ASH_CANONICALIZATION_ERROR'],
  ];
  it.each(rows)('refuses %s', async (_title, body, code) => {
    const scene = new Scene();
    expect(await scene.codeOf(await body(scene))).toBe(code);
  });

  it('refuses bytes that are no UTF-8', async () => {
    const scene = new Scene();
    const message = await scene.snapshots.sealFor(`ash-request|${CONTEXT}`, Uint8Array.of(34, 255, 34));
    expect(await scene.codeOf(jsonBody(JSON.parse(writeSealed(message))))).toBe('ASH_CANONICALIZATION_ERROR');
  });

  it('refuses what was sealed with a snapshot that is not kept', async () => {
    const scene = new Scene();
    const body = await scene.body('{}', { tick: 1 });
    scene.snapshots.kept.shift();
    expect(await scene.codeOf(body)).toBe('ASH_TIMESTAMP_INVALID');
  });

  it('throws on what is no refusal', async () => {
    const scene = new Scene();
    const body = await scene.body('{}');
    const failure = new RangeError('a fault');
    scene.snapshots.failure = failure;
    expect(await scene.codeOf(body)).toBe(failure);
  });

  it('says nothing of the payload that it refuses', async () => {
    const scene = new Scene();
    const body = await scene.body('{"secret":1,"secret":1}');
    await expect(scene.envelope.open(body, CONTEXT)).rejects.toThrow(/^The sealed body is no strict JSON\.$/);
  });

  type SealRow = [title: string, tick: number | undefined, change: (scene: Scene) => void, expected: number];
  const seals: SealRow[] = [
    ['the snapshot of its request', 1, () => undefined, 1],
    ['that of the moment for a request without a body', undefined, () => undefined, 2],
    ['that of the moment where the request’s is not kept any more', 1, ({ snapshots }) => snapshots.kept.shift(), 2],
    [
      'the snapshot of its request where nobody can be asked',
      1,
      ({ snapshots }) => (snapshots.failure = new Error('the store is down')),
      1,
    ],
  ];
  it.each(seals)('seals an answer with %s', async (_title, tick, change, expected) => {
    const scene = new Scene();
    const opened = await scene.envelope.open(tick === undefined ? NOTHING : await scene.body('{}', { tick }), CONTEXT);
    change(scene);
    const { contentType, body } = await opened.seal({
      status: 201,
      contentType: 'text/x',
      body: Uint8Array.of(1, 10, 2),
    });
    expect(contentType).toBe('application/vnd.ash.sealed+json');
    const message = readSealed(JSON.parse(String(body))) ?? new Uint8Array();
    expect(Buffer.from(message).readUInt32BE(1)).toBe(expected);
    scene.snapshots.failure = undefined;
    const { plaintext } = await scene.snapshots.openFor(`ash-answer|${CONTEXT}|201`, message);
    expect(unpackAnswer(plaintext)).toMatchObject({ contentType: 'text/x' });
    expect([...(unpackAnswer(plaintext)?.body ?? [])]).toStrictEqual([1, 10, 2]);
  });

  it('seals a refusal with the snapshot of the moment, which is no answer', async () => {
    const { envelope, snapshots } = new Scene();
    const refusal = { status: 403, contentType: 'text/x', body: Uint8Array.of(1) };
    const { contentType, body } = await envelope.sealRefusal(refusal, CONTEXT);
    expect(contentType).toBe('application/vnd.ash.sealed+json');
    const message = readSealed(JSON.parse(String(body))) ?? new Uint8Array();
    expect(Buffer.from(message).readUInt32BE(1)).toBe(2);
    const { plaintext } = await snapshots.openFor(`ash-refusal|${CONTEXT}|403`, message);
    expect([...(unpackAnswer(plaintext)?.body ?? [])]).toStrictEqual([1]);
    await expect(snapshots.openFor(`ash-answer|${CONTEXT}|403`, message)).rejects.toThrow('cannot be opened');
  });

  it('completes the secret of a context with the key', () => {
    const { envelope } = new Scene();
    expect(envelope.completeSecret(CONTEXT, 'c')).toBe(
      completedSecret(new Uint8Array(32), { contextId: CONTEXT, clientSecret: 'c' }),
    );
  });

  it('is unfit with a cipher that hides nothing', () => {
    const { snapshots, envelope } = new Scene();
    const find = (): never => {
      throw new Error('never asked');
    };
    const unfit = new SnapshotEnvelope(Object.assign(snapshots, { find }), 'array-crypto');
    expect([envelope.unfit, unfit.unfit]).toStrictEqual([undefined, expect.stringContaining("'array-crypto'")]);
  });
});
