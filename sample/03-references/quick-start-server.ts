import express from 'express';
import { ashInit, AshMemoryStore, ashExpressMiddleware } from 'nestjs-ash/express';
import { serve } from './serve.js';

/** The server of the quick start. Its proofs are those of `v1`, which is said by name: they have no secret. */
export async function startServer(port?: number) {
  ashInit();
  const app = express();
  const store = new AshMemoryStore();

  app.use(express.json());

  // Issue context
  app.post('/ash/context', async (req, res) => {
    const ctx = await store.create({
      binding: 'POST /api/transfer',
      ttlMs: 30000,
      mode: 'balanced',
      protocol: 'v1',
    });
    res.set('Cache-Control', 'no-store');
    res.json({ contextId: ctx.id, mode: ctx.mode });
  });

  // Protected endpoint
  app.post(
    '/api/transfer',
    ashExpressMiddleware({ store, expectedBinding: 'POST /api/transfer', protocol: 'v1' }),
    (req, res) => {
      // Request verified — safe to process
      res.json({ success: true });
    },
  );

  return serve(app, store, port);
}
