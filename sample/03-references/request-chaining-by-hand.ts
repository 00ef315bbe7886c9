import {
  ashBuildProofV21Chained,
  ashCanonicalizeJson,
  ashDeriveClientSecret,
  ashGenerateContextId,
  ashGenerateNonce,
  ashHashBody,
  ashVerifyProofV21Chained,
} from 'nestjs-ash/core';
import type { Print } from './print.js';

/** A context: the server keeps the nonce, and the client gets the secret. */
interface Context {
  readonly contextId: string;
  readonly nonce: string;
  readonly clientSecret: string;
}

/** A request as it arrives. */
interface ChainedRequest {
  readonly timestamp: string;
  readonly bodyHash: string;
  readonly clientProof: string;
}

interface Session {
  lastProof?: string;
  checkoutProof?: string;
}

class ChainBrokenError extends Error {}

/**
 * The server examples in PHP and Python: the functions alone, and the proof of the step before in a session. They
 * compare proofs and nothing else. That a context is good for one request and for a while, and that a step counts only
 * where its handler succeeded, is what the middleware adds.
 */
export function run(print: Print) {
  const cart = newContext('POST /cart');
  const checkout = newContext('POST /checkout');
  const payment = newContext('POST /payment');
  const session: Session = {};

  const begun = prove(checkout, 'POST /checkout', null);
  print(`POST /checkout after no step: ${outcomeOf(() => verifyCheckout(checkout, begun, session))}`);
  const skipped = prove(payment, 'POST /payment', null);
  print(`POST /payment after no step: ${outcomeOf(() => verifyPayment(payment, skipped, session))}`);

  // Step 1: User adds item to cart
  const proof1 = prove(cart, 'POST /cart', null).clientProof;
  session.lastProof = proof1;

  // Step 2: User proceeds to checkout (must have valid cart proof)
  print(`POST /checkout without the cart: ${outcomeOf(() => verifyCheckout(checkout, begun, session))}`);
  const checkoutRequest = prove(checkout, 'POST /checkout', proof1);
  print(`POST /checkout after the cart: ${outcomeOf(() => verifyCheckout(checkout, checkoutRequest, session))}`);
  session.checkoutProof = checkoutRequest.clientProof;

  const misled = prove(payment, 'POST /payment', proof1);
  print(`POST /payment after the cart: ${outcomeOf(() => verifyPayment(payment, misled, session))}`);

  const paymentRequest = prove(payment, 'POST /payment', checkoutRequest.clientProof);
  print(`POST /payment after the checkout: ${outcomeOf(() => verifyPayment(payment, paymentRequest, session))}`);
}

/** The PHP example. */
function verifyCheckout({ nonce, contextId }: Context, request: ChainedRequest, session: Session): string {
  const { timestamp, bodyHash, clientProof } = request;
  const previousProof = session.lastProof;
  // To the functions no proof before is the beginning of a chain, which is not what a missing entry means here.
  if (previousProof === undefined) throw new ChainBrokenError('There is no cart in this session');
  const isValid = ashVerifyProofV21Chained(
    nonce,
    contextId,
    'POST /checkout',
    timestamp,
    bodyHash,
    previousProof,
    clientProof,
  );

  if (!isValid) {
    throw new ChainBrokenError('Invalid request chain - checkout requires valid cart');
  }
  return 'valid';
}

/** The Python example. */
function verifyPayment({ nonce, contextId }: Context, request: ChainedRequest, session: Session): string {
  const { timestamp, bodyHash, clientProof } = request;
  if (session.checkoutProof === undefined) throw new ChainBrokenError('There is no checkout in this session');
  const isValid = ashVerifyProofV21Chained(
    nonce,
    contextId,
    'POST /payment',
    timestamp,
    bodyHash,
    session.checkoutProof, // From previous step
    clientProof,
  );

  if (!isValid) {
    throw new ChainBrokenError('Payment requires valid checkout step');
  }
  return 'valid';
}

function newContext(binding: string): Context {
  const nonce = ashGenerateNonce();
  const contextId = ashGenerateContextId();
  return { contextId, nonce, clientSecret: ashDeriveClientSecret(nonce, contextId, binding) };
}

/** The client's part: a request without members, chained to the proof of the step before. */
function prove({ clientSecret }: Context, binding: string, previousProof: string | null): ChainedRequest {
  const timestamp = String(Date.now());
  const bodyHash = ashHashBody(ashCanonicalizeJson('{}'));
  const { proof } = ashBuildProofV21Chained(clientSecret, timestamp, binding, bodyHash, previousProof);
  return { timestamp, bodyHash, clientProof: proof };
}

function outcomeOf(verify: () => string): string {
  try {
    return verify();
  } catch (error) {
    if (error instanceof ChainBrokenError) return `ChainBrokenError: ${error.message}`;
    throw error;
  }
}
