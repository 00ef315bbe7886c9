import express, { type Request } from 'express';
import {
  ashExpressContext,
  ashExpressMiddleware,
  AshMemoryStore,
  type AshExpressContextOptions,
} from 'nestjs-ash/express';
import { serve } from './serve.js';

/** The server of the workflow diagram: each step is refused without the one before it. */
export async function startServer(port?: number) {
  const app = express();
  const store = new AshMemoryStore();
  const shop: AshExpressContextOptions = {
    store,
    protocol: 'v2.1',
    // Stands in for a session: the chain of one customer is none for another.
    subject: (req: Request) => req.get('X-Customer'),
    bindings: {
      'POST /api/cart': { chain: { name: 'purchase', start: true } },
      'POST /api/checkout': { chain: { name: 'purchase', after: 'POST /api/cart' } },
      'POST /api/payment': { chain: { name: 'purchase', after: 'POST /api/checkout' } },
    },
  };

  app.use(express.json());
  app.post('/ash/context', ashExpressContext(shop));

  // Step 1: User adds item to cart
  app.post('/api/cart', ashExpressMiddleware({ ...shop, expectedBinding: 'POST /api/cart' }), (req, res) => {
    res.json({ message: 'Success: Added to Cart' });
  });

  // Step 2: User proceeds to checkout (must have valid cart proof)
  app.post('/api/checkout', ashExpressMiddleware({ ...shop, expectedBinding: 'POST /api/checkout' }), (req, res) => {
    res.json({ message: 'Success: Checked Out' });
  });

  // Step 3: Payment
  app.post('/api/payment', ashExpressMiddleware({ ...shop, expectedBinding: 'POST /api/payment' }), (req, res) => {
    res.json({ message: 'Success: Payment Complete' });
  });

  return serve(app, store, port);
}
