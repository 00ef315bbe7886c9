import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import express5, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import express4 from 'express-4';
import {
  AshMemoryStore,
  ashExpressMiddleware,
  ashHashProof,
  ashIssue,
  type AshContextStore,
  type AshExpressHandler,
  type AshExpressOptions,
  type AshIssuedContext,
  type AshIssueOptions,
  type AshLog,
  type AshServerOptions,
  type AshStoredLink,
} from 'nestjs-ash/express';
import { begin, send, type Answer, type Draft, type PendingRequest } from './http.js';
import { sign, type Signing } from './proof.js';

/** The versions of Express that every suite runs on. What differs in the types of the older one is not used. */
export const EXPRESS_VERSIONS: readonly (readonly [name: string, express: typeof express5])[] = [
  ['Express 5', express5],
  ['Express 4', express4 as unknown as typeof express5],
];

/** What an application under test is built from. */
export interface Parts {
  readonly app: Express;
  readonly express: typeof express5;
  readonly store: AshContextStore;
  /** The middleware, on the store of the application. */
  readonly ash: (options?: Partial<AshExpressOptions>) => AshExpressHandler;
  /** A handler that notes that it ran, and answers its name with the body that it received. */
  readonly run: (name: string) => RequestHandler;
  /** Notes that something ran. */
  readonly note: (name: string) => void;
}

/** How an application under test is set up. */
export interface ExpressSetUp {
  readonly store?: AshContextStore;
  /** The parsers in front of all routes; `false` for none. */
  readonly parsers?: false;
}

/** What an honest client asks for and sends. */
export interface HonestRequest extends Signing {
  /** The request target; default the path of the binding. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default an object as JSON; `undefined` for none. */
  readonly body?: string | Uint8Array | undefined;
  readonly issue?: Partial<AshIssueOptions>;
  /** What the context is issued under; default the library's defaults. */
  readonly options?: AshServerOptions;
}

/** An honest request, proven. */
export interface Proven {
  readonly context: AshIssuedContext;
  readonly draft: Draft;
  readonly proof: string;
}

export const BODY = '{"amount":100,"to":"acct-7"}';
const JSON_TYPE = { 'content-type': 'application/json' };
const ANY_ROUTE: AshServerOptions = {};
const servers = new Set<Server>();

/** An application of Express under test, which listens on a port of its own. */
export class ExpressApp {
  /** What ran, in order. */
  readonly ran: string[] = [];
  /** What came to the application's error handling. */
  readonly errors: unknown[] = [];
  readonly log = jest.fn<AshLog>();
  private listening: Server | undefined;

  private constructor(readonly store: AshContextStore) {}

  /** Builds an application and lets it listen. {@link closeExpressApps} ends it. */
  static async start(
    express: typeof express5,
    build: (parts: Parts) => void,
    { store = new AshMemoryStore(), parsers }: ExpressSetUp = {},
  ): Promise<ExpressApp> {
    const under = new ExpressApp(store);
    const app = express();
    if (parsers !== false) app.use(express.json(), express.urlencoded({ extended: false }));
    build({
      app,
      express,
      store,
      ash: (options = {}) => ashExpressMiddleware({ store, log: under.log, ...options }),
      run: (name) => (request, response) => {
        under.ran.push(name);
        const body: unknown = request.body;
        response.json({ ran: name, received: body instanceof Uint8Array ? [...body] : body });
      },
      note: (name) => under.ran.push(name),
    });
    const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
      under.errors.push(error);
      if (response.headersSent) next(error);
      else response.status(500).json({ failed: String(error) });
    };
    app.use(answerError);
    under.listening = await new Promise<Server>((resolve) => {
      const server = app.listen(0, '127.0.0.1', () => {
        resolve(server);
      });
    });
    servers.add(under.listening);
    return under;
  }

  get port(): number {
    return (this.listening?.address() as AddressInfo).port;
  }

  /** A context for a concrete binding. */
  context(binding: string, { options = ANY_ROUTE, issue = {} }: HonestRequest = {}): Promise<AshIssuedContext> {
    return ashIssue(this.store, { binding, ...issue }, options);
  }

  /** A context for a concrete binding, with a request that is proven by it. */
  async prove(binding: string, request: HonestRequest = {}): Promise<Proven> {
    const context = await this.context(binding, request);
    const draft = draftOf(binding, request);
    return { context, draft, proof: sign(context, draft, request) };
  }

  /** A request that is proven by a context from elsewhere. */
  sign(context: AshIssuedContext, binding: string, request: HonestRequest = {}): Draft {
    const draft = draftOf(binding, request);
    sign(context, draft, request);
    return draft;
  }

  /** Proves a request and sends it. */
  async pass(binding: string, request: HonestRequest = {}): Promise<Answer> {
    return this.send((await this.prove(binding, request)).draft);
  }

  send(draft: Draft): Promise<Answer> {
    return send(this.port, draft);
  }

  /** Sends a request that can be given up. */
  begin(draft: Draft): PendingRequest {
    return begin(this.port, draft);
  }

  /** The link that a step of a chain has left, if it has left one. */
  link(proof: string): Promise<AshStoredLink | null> {
    return this.store.getLink(ashHashProof(proof));
  }

  /** Whether a context is spent. */
  async isSpent({ contextId }: AshIssuedContext): Promise<boolean> {
    return (await this.store.get(contextId))?.consumedAt !== undefined;
  }
}

function draftOf(binding: string, request: HonestRequest): Draft {
  const [method = '', declared = ''] = binding.split(' ');
  const body = 'body' in request ? request.body : BODY;
  const type = body === undefined ? {} : JSON_TYPE;
  return { method, path: request.path ?? declared, headers: { ...type, ...request.headers }, body };
}

/** Ends every application that was started, with the connections to it. */
export async function closeExpressApps(): Promise<void> {
  const all = [...servers];
  servers.clear();
  await Promise.all(
    all.map(
      (server) =>
        new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        }),
    ),
  );
}
