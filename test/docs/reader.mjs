import * as core from 'nestjs-ash/core';
import { AshClient } from 'nestjs-ash/client';

/**
 * What an example takes for granted and does not show: the name, its type, and its value where the example runs, given
 * the shop's address. A block that declares such a name itself means its own.
 */
const GIVEN = {
  ash: ["import('nestjs-ash/client').AshClient", (shop) => new AshClient({ baseUrl: shop })],
  token: ['() => string', () => () => 'what-the-login-gave'],
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
`;
const EXPORTS = {
  '@nestjs/common': ['Body', 'Controller', 'Param', 'Post', 'Put'],
  '@nestjs/core': ['APP_GUARD'],
  '@nestjs/testing': ['Test'],
  'nestjs-ash': [
    ...['AshGuard', 'AshModule', 'AshProtected'],
    ...['ASH_HEADERS', 'ASH_RENEW_HEADER', 'ASH_CONTEXT_HEADER', 'ASH_CHAIN_PROOF_HEADER', 'ASH_VERIFIED_HEADER'],
  ],
  'nestjs-ash/client': ['AshClient'],
};
const OF_THE_APPLICATION = {
  app: "import('@nestjs/common').INestApplication",
  AppModule: "import('@nestjs/common').Type",
  DatabaseModule: "import('@nestjs/common').Type",
  SessionGuard: "import('@nestjs/common').Type<import('@nestjs/common').CanActivate>",
  ThrottlerGuard: "import('@nestjs/common').Type<import('@nestjs/common').CanActivate>",
  MyStore: "typeof import('nestjs-ash').AshMemoryStore",
  context: "import('nestjs-ash').AshIssuedContext",
};

/** The names of the readers of documents, as ambient declarations. */
export const declarations = globals(
  Object.entries(GIVEN)
    // The library of the browser declares it.
    .filter(([name]) => name !== 'sessionStorage')
    .map(([name, [type]]) => constant(name, type)),
);

/** The names of the parts of a server. */
export const serverDeclarations = globals([
  SERVER,
  ...Object.entries(EXPORTS).flatMap(([entry, names]) =>
    names.map((name) => constant(name, `typeof import('${entry}').${name}`)),
  ),
  ...Object.entries(OF_THE_APPLICATION).map(([name, type]) => constant(name, type)),
]);

/** The names of the examples beside the code: all that core and client export, and what they work on. */
export const commentDeclarations = globals([
  constant('AshClient', "typeof import('nestjs-ash/client').AshClient"),
  ...Object.keys(core).map((name) => constant(name, `typeof import('nestjs-ash/core').${name}`)),
  ...Object.entries(NAMED).map(([name, type]) => constant(name, type)),
]);

/** Puts the values in their place, and answers what takes them away again. */
export function provide(shop) {
  const before = new Map(Object.keys(GIVEN).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  for (const [name, [, make]] of Object.entries(GIVEN)) {
    Object.defineProperty(globalThis, name, { value: make(shop), configurable: true });
  }
  return () => {
    for (const [name, property] of before) {
      delete globalThis[name];
      if (property !== undefined) Object.defineProperty(globalThis, name, property);
    }
  };
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
