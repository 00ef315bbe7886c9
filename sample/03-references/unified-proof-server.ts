import express, { type Request } from 'express';
import {
  ashExpressContext,
  ashExpressMiddleware,
  AshMemoryStore,
  type AshExpressContextOptions,
} from 'nestjs-ash/express';
import { serve } from './serve.js';

/** A server with a route for each mode of the unified proof: what is scoped and what is chained is said there. */
export async function startServer(port?: number) {
  const app = express();
  const store = new AshMemoryStore();
  const modes: AshExpressContextOptions = {
    store,
    // Stands in for a session: the chain of one customer is none for another.
    subject: (req: Request) => req.get('X-Customer'),
    bindings: {
      'POST /api/basic': { chain: { name: 'workflow', start: true } },
      'POST /api/scoped': { scope: ['amount', 'recipient'] },
      'POST /api/chained': { chain: { name: 'workflow', after: 'POST /api/basic' } },
      'POST /api/full': { scope: ['amount'], chain: { name: 'workflow', after: 'POST /api/chained' } },
    },
  };

  app.use(express.json());
  app.post('/ash/context', ashExpressContext(modes));
  app.use(ashExpressMiddleware(modes));
  app.post('/api/:mode', (req, res) => {
    res.json({ verified: req.params.mode });
  });

  return serve(app, store, port);
}
