import type { AshIssuedContext } from 'nestjs-ash';
import { AshClient, type AshClientOptions } from 'nestjs-ash/client';
import { AshSnapshotModule, type AshSnapshotModuleOptions } from 'nestjs-ash/snapshot';
import { ashEncryptedFetch, CryptoClient, type CryptoFetch } from 'nestjs-ash/snapshot/client';
import { applications, type Adapter, type Application, type Setup } from '../module/application.js';
import { Tap } from './tap.js';

/** What the server and its clients share. */
export const SECRET_KEY = Uint8Array.from({ length: 32 }, (_, index) => index);

/** An application with encrypted routes, what reads its wire, and clients of it. */
export interface Vault {
  readonly app: Application;
  readonly tap: Tap;
  readonly crypto: CryptoClient;
  /** An honest client, whose requests go past the tap. */
  client(options?: AshClientOptions & { readonly send?: CryptoFetch }): AshClient;
}

/** Starts applications with `AshSnapshotModule`, and ends them all when a test is over. */
export function vaults(adapter: Adapter): (setup: Setup, snapshots?: AshSnapshotModuleOptions) => Promise<Vault> {
  const start = applications(adapter);
  const open: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });
  return async (setup, snapshots = {}) => {
    const app = await start({
      ...setup,
      imports: [AshSnapshotModule.forRoot({ secretKey: SECRET_KEY, ...snapshots }), ...(setup.imports ?? [])],
    });
    const tap = await Tap.before(app.origin);
    const crypto = new CryptoClient({ serverUrl: app.origin, secretKey: SECRET_KEY });
    open.push(tap, crypto);
    return {
      app,
      tap,
      crypto,
      client: ({ send, ...options } = {}) =>
        new AshClient({
          baseUrl: tap.origin,
          fetch: ashEncryptedFetch(crypto, send === undefined ? {} : { fetch: send }),
          ...options,
        }),
    };
  };
}

/** The tick of the snapshot that a sealed text was made with; `undefined` for another text, and for what is none. */
export function tickOf(text: unknown): number | undefined {
  const [, sealed] = /^\{"sealed":"([\w-]+)"\}$/.exec(typeof text === 'string' ? text : '') ?? [];
  return sealed === undefined ? undefined : Buffer.from(sealed, 'base64url').readUInt32BE(1);
}

/** A sealed text whose message names another tick. */
export function withTick(text: string, change: (tick: number) => number): string {
  const { sealed } = JSON.parse(text) as { readonly sealed: string };
  const message = Buffer.from(sealed, 'base64url');
  message.writeUInt32BE(change(message.readUInt32BE(1)), 1);
  return JSON.stringify({ sealed: message.toString('base64url') });
}

/** Seals a body by hand, as an honest client does for a context. */
export async function sealedBody(crypto: CryptoClient, contextId: string, body: unknown): Promise<string> {
  const message = await crypto.sealFor(`ash-request|${contextId}`, JSON.stringify(body));
  return JSON.stringify({ sealed: Buffer.from(message).toString('base64url') });
}

/** The headers of a proof by hand, as an honest client makes them. */
export function proofHeaders(
  crypto: CryptoClient,
  context: AshIssuedContext,
  facts: Omit<Parameters<typeof AshClient.buildHeaders>[0], keyof AshIssuedContext> = {},
): Record<string, string> {
  const clientSecret = crypto.completeSecret(context);
  return { ...AshClient.buildHeaders({ ...context, clientSecret, ...facts }), 'content-type': 'application/json' };
}

/** Opens the answer to a request that was proven by hand. */
export async function opened(crypto: CryptoClient, contextId: string, answer: Response): Promise<Response> {
  const open = ashEncryptedFetch(crypto, { fetch: () => Promise.resolve(answer) });
  return open('http://127.0.0.1', { headers: { 'x-ash-context-id': contextId } });
}
