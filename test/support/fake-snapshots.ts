import { createHash, createHmac } from 'node:crypto';
import type { AshSnapshot, CryptoConfig, CryptoFetch } from 'nestjs-ash/snapshot/client';

/** The clock of the server when it begins, in milliseconds since the epoch: the middle of a second. */
export const SERVER_TIME = 1_760_000_000_500;
export const SERVER_URL = 'https://shop.example/crypto';
export const SECRET_KEY = 'c2VjcmV0LWtleS1vZi0zMi1ieXRlcy1vciBtb3JlLi4=';
const KEPT = 60_000;

/** A request as it came over the wire. */
export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly path: string;
  readonly text: string;
  readonly init: RequestInit;
}

type Answer = (seen: SeenRequest) => Response | Promise<Response>;

/** A server of snapshots in one function that is called as `fetch` is, written from the protocol's text. */
export class FakeSnapshots {
  now = SERVER_TIME;
  /** The length of a tick, in milliseconds. */
  interval = 1_000;
  /** Whether it says how long a snapshot lasts, and answers those of other ticks: the reference's server does neither. */
  isReference = false;
  /** Where it begins to count ticks, in milliseconds since the epoch. */
  epoch = 0;
  readonly seen: SeenRequest[] = [];
  private readonly instead = new Map<string, Answer[]>();

  constructor(private readonly secretKey = Buffer.from(SECRET_KEY, 'base64')) {}

  readonly fetch: CryptoFetch = async (url, init) => {
    init.signal?.throwIfAborted();
    const { pathname } = new URL(url);
    const seen: SeenRequest = {
      method: init.method ?? '',
      url: new URL(url),
      path: pathname.slice(new URL(SERVER_URL).pathname.length),
      text: typeof init.body === 'string' ? init.body : '',
      init,
    };
    this.seen.push(seen);
    const instead = this.instead.get(seen.path)?.shift();
    return instead?.(seen) ?? this.answer(seen);
  };

  /** The configuration of a client of this server, whose clock is the server's. */
  config(others: Partial<CryptoConfig> = {}): CryptoConfig {
    return { serverUrl: SERVER_URL, secretKey: SECRET_KEY, fetch: this.fetch, clock: () => this.now, ...others };
  }

  /** Stands in for the next answers to a path, in their order. */
  answerOnce(path: string, ...answers: Answer[]): void {
    this.instead.set(path, answers);
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.seen.filter((seen) => seen.path === path).length;
  }

  /** The queries of the requests for snapshots. */
  get queries(): string[] {
    return this.seen.filter(({ path }) => path === '/snapshot').map(({ url }) => url.search);
  }

  /** The snapshot of a moment, with some of its fields changed before it is signed. */
  snapshot(time = this.now, changed: Partial<AshSnapshot> = {}): AshSnapshot {
    const tick = this.tickAt(time);
    const hash = createHash('sha256').update(`${tick} of ${this.epoch}`).digest();
    const seed = (hash.readUInt32BE() % 2 ** 30) + 1;
    return this.sign({ tick, seed, timestamp: Math.floor(time / 1_000), ...changed });
  }

  /** What a client has to take for the server's own. */
  sign({ tick, seed, timestamp }: Omit<AshSnapshot, 'signature'>): AshSnapshot {
    const text = `${tick}|${seed}|${timestamp}`;
    return { tick, seed, timestamp, signature: createHmac('sha256', this.secretKey).update(text).digest('base64') };
  }

  private tickAt(time: number): number {
    return Math.floor((time - this.epoch) / this.interval) % 2 ** 31;
  }

  private answer({ method, path, url }: SeenRequest): Response {
    if (method === 'POST' && path === '/handshake') return Response.json({ status: 'ok' });
    if (method !== 'GET' || path !== '/snapshot') return new Response('', { status: 404 });
    const [[name, value] = []] = [...url.searchParams];
    if (name === undefined || this.isReference) return this.current();
    const time = name === 'at' ? Number(value) * 1_000 : this.momentOf(Number(value));
    if (time > this.now + 1_000 || time + KEPT < this.now) return new Response('', { status: 404 });
    return Response.json(this.snapshot(time));
  }

  private current(): Response {
    const left = this.interval - ((this.now - this.epoch) % this.interval);
    const headers = this.isReference ? {} : { 'x-ash-snapshot-life': String(left) };
    return Response.json(this.snapshot(), { headers });
  }

  /** A moment of the tick of a name: its last one that is not ahead of now. */
  private momentOf(tick: number): number {
    const ahead = tick - this.tickAt(this.now);
    const end = (Math.floor((this.now - this.epoch) / this.interval) + ahead + 1) * this.interval + this.epoch;
    return Math.min(this.now, end - 1);
  }
}

/** What a promise is rejected with, as an object that can be compared. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return 'no failure';
  } catch (error) {
    const { name, code } = error as { name: string; code?: string };
    return { name, code };
  }
}
