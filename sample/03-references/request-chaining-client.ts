import { ashBuildProofV21Chained, ashCanonicalizeJson, ashHashBody, type AshIssuedContext } from 'nestjs-ash/core';
import { fetchFrom } from './fetch-from.js';
import { lineOf, type Print } from './print.js';

/** The shop, and who tells of it. */
interface Shop {
  readonly fetch: ReturnType<typeof fetchFrom>;
  readonly print: Print;
}

/** A request that is still to be proven. */
interface Draft {
  readonly clientSecret: string;
  readonly timestamp: string;
  readonly bodyHash: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The three steps of the workflow diagram, and what becomes of somebody who skips one. */
export async function run(url: string, print: Print) {
  const shop = { fetch: fetchFrom(url), print };

  print('Step-Skipping: Payment after nothing');
  await pay(shop, null);

  print('Step 1: Add to Cart');
  const cartProof = await addToCart(shop);

  print('Step-Skipping: Payment after the cart');
  await pay(shop, cartProof);

  print('Step 2: Checkout');
  const checkoutProof = await checkOut(shop, cartProof);

  print('Step 3: Payment');
  await pay(shop, checkoutProof);

  print('A second payment of the same checkout');
  await pay(shop, checkoutProof);
}

// Step 1: Add to cart
async function addToCart({ fetch, print }: Shop): Promise<string | null> {
  const { clientSecret, timestamp, bodyHash, headers, body } = await draft(fetch, 'POST /api/cart', { sku: 'A1' });

  const firstProof = ashBuildProofV21Chained(
    clientSecret,
    timestamp,
    'POST /api/cart',
    bodyHash,
    null, // null for first request in chain
  );
  print(`  > X-ASH-Proof: ${firstProof.proof}`);

  const cartResult = await fetch('/api/cart', {
    method: 'POST',
    headers: {
      ...headers,
      'X-ASH-Proof': firstProof.proof,
    },
    body,
  });
  const cartProof = cartResult.headers.get('X-ASH-Chain-Proof');
  print(`  < X-ASH-Chain-Proof: ${cartProof}`);
  print(`  < ${await lineOf(cartResult)}`);
  return cartProof;
}

// Step 2: Checkout (chain to cart proof)
async function checkOut({ fetch, print }: Shop, cartProof: string | null): Promise<string | null> {
  const { clientSecret, timestamp, bodyHash, headers, body } = await draft(fetch, 'POST /api/checkout', {});

  const checkoutProof = ashBuildProofV21Chained(
    clientSecret,
    timestamp,
    'POST /api/checkout',
    bodyHash,
    cartProof, // Link to previous step
  );
  print(`  > X-ASH-Proof: ${checkoutProof.proof}`);
  print(`  > X-ASH-Chain-Hash: ${checkoutProof.chainHash}`);

  const checkoutResult = await fetch('/api/checkout', {
    method: 'POST',
    headers: {
      ...headers,
      'X-ASH-Proof': checkoutProof.proof,
      'X-ASH-Chain-Hash': checkoutProof.chainHash,
    },
    body,
  });
  print(`  < X-ASH-Chain-Proof: ${checkoutResult.headers.get('X-ASH-Chain-Proof')}`);
  print(`  < ${await lineOf(checkoutResult)}`);
  return checkoutResult.headers.get('X-ASH-Chain-Proof');
}

// Step 3: Payment
async function pay({ fetch, print }: Shop, previousProof: string | null): Promise<void> {
  const { clientSecret, timestamp, bodyHash, headers, body } = await draft(fetch, 'POST /api/payment', {
    card: '4242',
  });

  const paymentProof = ashBuildProofV21Chained(
    clientSecret,
    timestamp,
    'POST /api/payment',
    bodyHash,
    previousProof, // Link to previous step
  );
  print(`  > X-ASH-Proof: ${paymentProof.proof}`);
  print(`  > X-ASH-Chain-Hash: ${paymentProof.chainHash}`);

  const paymentResult = await fetch('/api/payment', {
    method: 'POST',
    headers: {
      ...headers,
      'X-ASH-Proof': paymentProof.proof,
      'X-ASH-Chain-Hash': paymentProof.chainHash,
    },
    body,
  });
  print(`  < ${await lineOf(paymentResult)}`);
}

/** Asks for a context, and prepares all of a request but its proof. */
async function draft(fetch: Shop['fetch'], binding: string, payload: object): Promise<Draft> {
  const customer = { 'Content-Type': 'application/json', 'X-Customer': 'customer-1' };
  const context = await fetch('/ash/context', {
    method: 'POST',
    headers: customer,
    body: JSON.stringify({ binding }),
  }).then((r) => r.json() as Promise<AshIssuedContext>);

  const { contextId, clientSecret = '' } = context;
  const timestamp = String(Date.now());
  const body = JSON.stringify(payload);
  return {
    clientSecret,
    timestamp,
    bodyHash: ashHashBody(ashCanonicalizeJson(body)),
    headers: { ...customer, 'X-ASH-Context-ID': contextId, 'X-ASH-Timestamp': timestamp },
    body,
  };
}
