import express from 'express';
import { ashExpressMiddleware, ashIssue, AshMemoryStore, type AshServerOptions } from 'nestjs-ash/express';
import { serve } from './serve.js';

/** The server of the Python package. */
export async function startServer(port?: number) {
  const app = express();
  const store = new AshMemoryStore();
  const update: AshServerOptions = { expectedBinding: 'POST /api/update' };

  app.use(express.json());

  // Issue context endpoint
  app.post('/ash/context', async (req, res) => {
    const ctx = await ashIssue(
      store,
      {
        binding: 'POST /api/update',
        ttl: 30000,
      },
      update,
    );
    res.set('Cache-Control', 'no-store');
    res.json({
      contextId: ctx.contextId,
      expiresAt: ctx.expiresAt,
      mode: ctx.mode,
      clientSecret: ctx.clientSecret,
    });
  });

  // Protected endpoint
  app.post('/api/update', ashExpressMiddleware({ store, ...update }), (req, res) => {
    // Request verified - safe to process
    res.json({ status: 'ok' });
  });

  return serve(app, store, port);
}
