import * as bareHttpClient from './bare-http-client.js';
import * as bareHttpServer from './bare-http-server.js';
import type { Print } from './print.js';
import * as pythonStyleClient from './python-style-client.js';
import * as pythonStyleServer from './python-style-server.js';
import * as quickStartClient from './quick-start-client.js';
import * as quickStartServer from './quick-start-server.js';
import * as requestChainingByHand from './request-chaining-by-hand.js';
import * as requestChainingClient from './request-chaining-client.js';
import * as requestChainingServer from './request-chaining-server.js';
import type { Served } from './serve.js';
import * as unifiedProof from './unified-proof.js';
import * as unifiedProofClient from './unified-proof-client.js';
import * as unifiedProofServer from './unified-proof-server.js';

/** What can be run by its name. */
export interface Sample {
  /** Starts the server of the sample, where it has one. */
  readonly startServer?: (port?: number) => Promise<Served>;
  /** Runs all of it, against a server of its own. */
  readonly run: (print: Print) => Promise<void>;
}

/** Every sample of this folder. */
export const SAMPLES: ReadonlyMap<string, Sample> = new Map([
  ['quick-start', pair(quickStartServer, quickStartClient)],
  ['unified-proof', alone(unifiedProof)],
  ['unified-proof-http', pair(unifiedProofServer, unifiedProofClient)],
  ['request-chaining', pair(requestChainingServer, requestChainingClient)],
  ['request-chaining-by-hand', alone(requestChainingByHand)],
  ['python-style', pair(pythonStyleServer, pythonStyleClient)],
  ['bare-http', pair(bareHttpServer, bareHttpClient)],
]);

function pair(
  { startServer }: Required<Pick<Sample, 'startServer'>>,
  { run }: { run: (url: string, print: Print) => Promise<void> },
): Sample {
  return {
    startServer,
    run: async (print) => {
      const server = await startServer();
      try {
        await run(server.url, print);
      } finally {
        await server.close();
      }
    },
  };
}

/** Functions without a server. */
function alone({ run }: { run: (print: Print) => void }): Sample {
  return {
    run: (print) => {
      run(print);
      return Promise.resolve();
    },
  };
}
