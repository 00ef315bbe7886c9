import { randomBytes } from 'node:crypto';
import express from 'express';
import fastify from 'fastify';
import { AshClient } from 'nestjs-ash/client';
import * as core from 'nestjs-ash/core';
import * as onExpress from 'nestjs-ash/express';
import * as onFastify from 'nestjs-ash/fastify';
import { AshMemoryStore } from 'nestjs-ash/server';
import * as snapshot from 'nestjs-ash/snapshot/client';

/** One for all examples of a document: a server and its clients have the same. */
const SECRET_KEY = randomBytes(32).toString('base64');

/**
 * What an example takes for granted and does not show: the name, its type, and its value where the example runs, given
 * the shop's address. A block that declares such a name itself means its own.
 */
const GIVEN = {
  ash: ["import('nestjs-ash/client').AshClient", (shop) => new AshClient({ baseUrl: shop })],
  token: ['() => string', () => () => 'what-the-login-gave'],
  secretKey: ['string', () => SECRET_KEY],
  sessionStorage: ['Storage', () => new PageStorage()],
};

/** What the examples beside the code name besides: they are checked, and do not run. */
const NAMED = {
  context: "import('nestjs-ash/core').AshIssuedContext",
  checkout: "import('nestjs-ash/client').AshClientChain",
  signal: 'AbortSignal',
  error: 'unknown',
  isAshClientError: "typeof import('nestjs-ash/client').isAshClientError",
  askWhetherItIsDone: '() => void',
  offerToTryAgain: '(code: string) => void',
  mode: "import('nestjs-ash/core').AshMode",
  binding: 'string',
  contextId: 'string',
  canonical: 'string',
  proofOfTheRequest: 'string',
  body: 'string',
  timestamp: 'string',
  clientSecret: 'string',
  nonce: 'string',
  proof: 'string',
  previousProof: 'string',
  axios: "typeof import('axios').default",
  ashAxios: "typeof import('nestjs-ash/axios').ashAxios",
  ashCall: "typeof import('nestjs-ash/axios').ashCall",
  api: "import('axios').AxiosInstance",
  credentials: '{ readonly name: string }',
  bytes: 'Uint8Array',
  client: "import('nestjs-ash/snapshot/client').CryptoClient",
  message: 'Uint8Array',
  snapshot: "import('nestjs-ash/snapshot/client').AshSnapshot",
  key: 'Uint8Array',
  waitForTheClock: '() => Promise<void>',
  // Of no entry of the package.
  hideFromInspection: "typeof import('./lib/core/inspection.js').hideFromInspection",
};

/** What the parts of a server stand in, and what they do not import. */
const SERVER = `
  type AshRequest = import('nestjs-ash').AshRequest;
  interface User { readonly id: string }
  interface TransferDto { readonly amount: number; readonly to: string }
  interface CartDto { readonly sku: string; readonly quantity: number }
  interface CardDto { readonly card: string }
  class ConfigService { getOrThrow(key: string): string }
`;
const EXPORTS = {
  '@nestjs/common': [
    ...[
      'BadRequestException',
      'Body',
      'Controller',
      'Get',
      'Module',
      'NotFoundException',
      'Param',
      'Post',
      'Put',
      'Query',
    ],
  ],
  '@nestjs/core': ['APP_GUARD'],
  '@nestjs/testing': ['Test'],
  'nestjs-ash': [
    ...['AshGuard', 'AshModule', 'AshProtected'],
    ...['ASH_HEADERS', 'ASH_RENEW_HEADER', 'ASH_CONTEXT_HEADER', 'ASH_CHAIN_PROOF_HEADER', 'ASH_VERIFIED_HEADER'],
  ],
  'nestjs-ash/client': ['AshClient'],
  'nestjs-ash/redis': ['AshRedisStore'],
  'nestjs-ash/snapshot': ['AshSnapshotModule'],
};
const OF_THE_APPLICATION = {
  app: "import('@nestjs/common').INestApplication",
  AppModule: "import('@nestjs/common').Type",
  DatabaseModule: "import('@nestjs/common').Type",
  SessionGuard: "import('@nestjs/common').Type<import('@nestjs/common').CanActivate>",
  ThrottlerGuard: "import('@nestjs/common').Type<import('@nestjs/common').CanActivate>",
  MyStore: "typeof import('nestjs-ash').AshMemoryStore",
  MySeeds: "typeof import('nestjs-ash/redis').AshRedisStore",
  context: "import('nestjs-ash').AshIssuedContext",
};

/** What the parts of a server without Nest stand in and do not show, by their mark: the name, its type, its value. */
const OF_PARTS = {
  express: {
    express: ["typeof import('express')", () => express],
    app: ["import('express').Express", () => express()],
    store: ["import('nestjs-ash/express').AshContextStore", () => new AshMemoryStore()],
    ...exportsOf('nestjs-ash/express', onExpress),
  },
  fastify: {
    app: ["import('fastify').FastifyInstance", () => fastify()],
    store: ["import('nestjs-ash/fastify').AshContextStore", () => new AshMemoryStore()],
    ...exportsOf('nestjs-ash/fastify', onFastify),
  },
};

/** As much of two frameworks as the examples use, which are not installed here. */
export const otherFrameworks = `
  declare module 'koa' {
    interface Context {
      readonly method: string;
      readonly originalUrl: string;
      readonly headers: import('node:http').IncomingHttpHeaders;
      readonly req: import('node:http').IncomingMessage;
      readonly request: { readonly body?: unknown };
      readonly state: Record<string, unknown>;
      status: number;
      body: unknown;
      set(name: string, value: string): void;
    }
    type Middleware = (ctx: Context, next: () => Promise<unknown>) => unknown;
    export default class Koa {
      use(middleware: Middleware): this;
    }
  }
  declare module 'koa-bodyparser' {
    export default function bodyParser(): import('koa').Middleware;
  }
  declare module 'hono' {
    interface Context {
      readonly req: {
        readonly method: string;
        readonly url: string;
        header(): Record<string, string>;
        text(): Promise<string>;
      };
      json(value: unknown, status: number, headers: Record<string, string>): Response;
    }
    export class Hono {
      post(path: string, handler: (c: Context) => Response | Promise<Response>): this;
    }
  }
`;

/** The names of the readers of documents, as ambient declarations. */
export const declarations = globals(
  Object.entries(GIVEN)
    // The library of the browser declares it.
    .filter(([name]) => name !== 'sessionStorage')
    .map(([name, [type]]) => constant(name, type)),
);

/** How the parts of a server without Nest are marked. */
export const partNames = Object.keys(OF_PARTS);

/** The names of the parts of a server without Nest, by their mark. */
export const partDeclarations = Object.fromEntries(
  Object.entries(OF_PARTS).map(([mark, names]) => [
    mark,
    globals(Object.entries(names).map(([name, [type]]) => constant(name, type))),
  ]),
);

/** What the examples beside the code of the servers name besides what an entry exports. */
const NAMED_OF_SERVERS = {
  method: 'string',
  url: 'string',
  headers: "import('node:http').IncomingHttpHeaders",
  body: 'unknown',
  transfer: '(payload: unknown) => void',
  answer: "(body: import('nestjs-ash/server').AshErrorBody) => void",
  verdict: "import('nestjs-ash/server').AshRefusal",
  response: "import('node:http').ServerResponse",
  user: '{ readonly id: string }',
  routes: "import('nestjs-ash/server').AshServerOptions",
  logIn: '() => Promise<void>',
};

/** The names of the examples beside the code of the servers, by the mark of the framework that they are for. */
export const commentDeclarationsOfServers = Object.fromEntries(
  partNames.map((mark) => [
    mark,
    partDeclarations[mark] + globals(Object.entries(NAMED_OF_SERVERS).map(([name, type]) => constant(name, type))),
  ]),
);

/** The names of the parts of a server. */
export const serverDeclarations = globals([
  SERVER,
  ...Object.entries(EXPORTS).flatMap(([entry, names]) =>
    names.map((name) => constant(name, `typeof import('${entry}').${name}`)),
  ),
  ...Object.entries(OF_THE_APPLICATION).map(([name, type]) => constant(name, type)),
]);

/** The names of the examples beside the code: all that core and the clients export, and what they work on. */
export const commentDeclarations = globals([
  constant('AshClient', "typeof import('nestjs-ash/client').AshClient"),
  ...Object.keys(core).map((name) => constant(name, `typeof import('nestjs-ash/core').${name}`)),
  // Both have the error of a configuration.
  ...Object.keys(snapshot)
    .filter((name) => !(name in core))
    .map((name) => constant(name, `typeof import('nestjs-ash/snapshot/client').${name}`)),
  ...Object.entries(NAMED).map(([name, type]) => constant(name, type)),
]);

/** Puts the values of a reader of documents in their place, and answers what takes them away again. */
export function provide(shop) {
  return putInPlace(Object.entries(GIVEN).map(([name, [, make]]) => [name, make(shop)]));
}

/** Puts the values of a part of a server in their place, and answers what takes them away again. */
export function provideOfPart(mark) {
  return putInPlace(Object.entries(OF_PARTS[mark]).map(([name, [, make]]) => [name, make()]));
}

function putInPlace(values) {
  const before = values.map(([name]) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name, value] of values) Object.defineProperty(globalThis, name, { value, configurable: true });
  return () => {
    for (const [name, property] of before) {
      delete globalThis[name];
      if (property !== undefined) Object.defineProperty(globalThis, name, property);
    }
  };
}

/** All that an entry of the package exports, by name. */
function exportsOf(entry, values) {
  return Object.fromEntries(
    Object.keys(values).map((name) => [name, [`typeof import('${entry}').${name}`, () => values[name]]]),
  );
}

function constant(name, type) {
  return `const ${name}: ${type};`;
}

function globals(lines) {
  return `export {};\ndeclare global {\n${lines.join('\n')}\n}\n`;
}

/** A page's storage, where there is no page. */
class PageStorage {
  #items = new Map();

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, String(value));
  }

  removeItem(key) {
    this.#items.delete(key);
  }
}
