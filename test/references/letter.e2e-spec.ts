import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../../sample/03-references/', import.meta.url);

/** A piece of a reference that its sample has to the letter, or one with what stands in its place there. */
type Piece = string | readonly [reference: string, sample: string];

/**
 * The references' examples in their order, piece by piece. White space and what the formatter adds (a last comma,
 * brackets around a single parameter) make no difference.
 */
const EXAMPLES: Readonly<Record<string, readonly Piece[]>> = {
  'quick-start-server.ts': [
    "import express from 'express';",
    [
      "import { ashInit, AshMemoryStore, ashExpressMiddleware } from '@3maem/ash-node';",
      "import { ashInit, AshMemoryStore, ashExpressMiddleware } from 'nestjs-ash/express';",
    ],
    'ashInit(); const app = express(); const store = new AshMemoryStore();',
    'app.use(express.json());',
    '// Issue context',
    "app.post('/ash/context', async (req, res) => {",
    "const ctx = await store.create({ binding: 'POST /api/transfer', ttlMs: 30000,",
    ["mode: 'balanced' });", "mode: 'balanced', protocol: 'v1' });"],
    'res.json({ contextId: ctx.id, mode: ctx.mode }); });',
    '// Protected endpoint',
    "app.post( '/api/transfer',",
    [
      "ashExpressMiddleware({ store, expectedBinding: 'POST /api/transfer' }),",
      "ashExpressMiddleware({ store, expectedBinding: 'POST /api/transfer', protocol: 'v1' }),",
    ],
    '(req, res) => { // Request verified — safe to process',
    'res.json({ success: true }); } );',
    ['app.listen(3000);', 'serve(app, store, port);'],
  ],
  'quick-start-client.ts': [
    [
      "import { ashInit, ashCanonicalizeJson, ashBuildProof } from '@3maem/ash-node';",
      "import { ashInit, ashCanonicalizeJson, ashBuildProof, type AshMode } from 'nestjs-ash/core';",
    ],
    'ashInit();',
    "// 1. Get context const { contextId, mode } = await fetch('/ash/context', { method: 'POST' })",
    ['.then(r => r.json());', '.then(r => r.json() as Promise<QuickStartContext>);'],
    "// 2. Prepare payload const payload = { amount: 100, to: 'account123' };",
    'const canonical = ashCanonicalizeJson(JSON.stringify(payload));',
    "// 3. Build proof const proof = ashBuildProof( mode, 'POST /api/transfer', contextId, null, canonical );",
    '// 4. Send protected request',
    ["await fetch('/api/transfer', {", "const send = (payload: object) => fetch('/api/transfer', {"],
    "method: 'POST', headers: { 'Content-Type': 'application/json',",
    "'X-ASH-Context-ID': contextId, 'X-ASH-Proof': proof }, body: JSON.stringify(payload) });",
  ],
  'unified-proof.ts': [
    'ashBuildProofUnified,',
    'ashHashProof',
    'ashVerifyProofUnified,',
    ["} from '@3maem/ash-node';", "} from 'nestjs-ash/core';"],
    '// Basic usage (no scoping, no chaining)',
    'const result = ashBuildProofUnified( clientSecret, timestamp, binding, payload );',
    '// With scoping (protect specific fields)',
    'const scopedResult = ashBuildProofUnified( clientSecret, timestamp, binding, payload,',
    "['amount', 'recipient']  // Only protect these fields",
    ');',
    '// With chaining (link to previous request)',
    'const chainedResult = ashBuildProofUnified( clientSecret, timestamp, binding, payload,',
    '[], // No scoping',
    'previousProof // Link to previous proof',
    ');',
    '// Full (scoping + chaining)',
    'const fullResult = ashBuildProofUnified( clientSecret, timestamp, binding, payload,',
    "['amount'], // Scoping",
    'previousProof // Chaining',
    ');',
  ],
  'request-chaining-client.ts': [
    '// Step 1: Add to cart',
    "const cartResult = await fetch('/api/cart', {",
    'headers: {',
    ["'X-ASH-Proof': ashBuildProofV21(clientSecret, timestamp, binding, bodyHash)", "'X-ASH-Proof': firstProof.proof"],
    "const cartProof = cartResult.headers.get('X-ASH-Chain-Proof');",
    '// Step 2: Checkout (chain to cart proof)',
    'const checkoutProof = ashBuildProofV21Chained( clientSecret, timestamp,',
    ["'POST /checkout',", "'POST /api/checkout',"],
    'bodyHash, cartProof  // Link to previous step',
    ');',
    "await fetch('/api/checkout', {",
    'headers: {',
    "'X-ASH-Proof': checkoutProof.proof, 'X-ASH-Chain-Hash': checkoutProof.chainHash }",
  ],
  'request-chaining-server.ts': [
    '// Step 1: User adds item to cart',
    '// Step 2: User proceeds to checkout (must have valid cart proof)',
  ],
  'request-chaining-by-hand.ts': [
    '// Step 1: User adds item to cart',
    ["$_SESSION['last_proof'] = $proof1;", 'session.lastProof = proof1;'],
    '// Step 2: User proceeds to checkout (must have valid cart proof)',
    ["$previousProof = $_SESSION['last_proof'];", 'const previousProof = session.lastProof;'],
    ['$isValid = Proof::verifyV21Chained(', 'const isValid = ashVerifyProofV21Chained('],
    ['$nonce, $contextId,', 'nonce, contextId,'],
    "'POST /checkout',",
    [
      '$timestamp, $bodyHash, $previousProof, $clientProof );',
      'timestamp, bodyHash, previousProof, clientProof ); if (!isValid) {',
    ],
    "throw new ChainBrokenError('Invalid request chain - checkout requires valid cart');",
    ['is_valid = verify_proof_v21_chained(', 'const isValid = ashVerifyProofV21Chained('],
    ['nonce=stored_context.nonce, context_id=context_id,', 'nonce, contextId,'],
    ['binding="POST /payment",', "'POST /payment',"],
    ['timestamp=request_timestamp, body_hash=body_hash,', 'timestamp, bodyHash,'],
    ["previous_proof=session['checkout_proof'],  # From previous step", 'session.checkoutProof, // From previous step'],
    ["client_proof=request.headers['X-ASH-Proof'] )", 'clientProof );'],
    [
      'if not is_valid: raise ChainBrokenError("Payment requires valid checkout step")',
      "if (!isValid) { throw new ChainBrokenError('Payment requires valid checkout step');",
    ],
  ],
  'python-style-server.ts': [
    ['app = Flask(__name__)', 'const app = express();'],
    ['store = ash.stores.Memory()', 'const store = new AshMemoryStore();'],
    ['# Issue context endpoint', '// Issue context endpoint'],
    ['@app.route("/ash/context", methods=["POST"])', "app.post('/ash/context', async (req, res) => {"],
    ['ctx = asyncio.run(ash.context.create( store,', 'const ctx = await ashIssue( store, {'],
    ['binding="POST /api/update", ttl_ms=30000, ))', "binding: 'POST /api/update', ttl: 30000, }, update, );"],
    ['return jsonify({', 'res.json({'],
    ['"contextId": ctx.context_id,', 'contextId: ctx.contextId,'],
    ['"expiresAt": ctx.expires_at,', 'expiresAt: ctx.expiresAt,'],
    ['"mode": ctx.mode, })', 'mode: ctx.mode, clientSecret: ctx.clientSecret, });'],
    ['# Protected endpoint', '// Protected endpoint'],
    ['@app.route("/api/update", methods=["POST"])', "app.post('/api/update',"],
    [
      '@ash.middleware.flask(store, expected_binding="POST /api/update")',
      'ashExpressMiddleware({ store, ...update }), (req, res) => {',
    ],
    ['# Request verified - safe to process', '// Request verified - safe to process'],
    ['return jsonify({"status": "ok"})', "res.json({ status: 'ok' });"],
  ],
  'python-style-client.ts': [
    ['from ash.client import AshClient', "import { AshClient } from 'nestjs-ash/client';"],
    ['client = AshClient()', 'const client = new AshClient();'],
    ['# Get context from server', '// Get context from server'],
    [
      'ctx_response = requests.post("http://api.example.com/ash/context").json()',
      "const ctxResponse = (await (await fetch('/ash/context', { method: 'POST' })).json()) as PythonContext;",
    ],
    ['# Build proof headers', '// Build proof headers'],
    ['headers = client.build_headers(', 'const headers = client.buildHeaders({'],
    ['context_id=ctx_response["contextId"],', 'contextId: ctxResponse.contextId,'],
    ['mode=ctx_response["mode"],', 'mode: ctxResponse.mode,'],
    ['binding="POST /api/update",', "binding: 'POST /api/update',"],
    ['payload={"name": "John"}, )', "payload: { name: 'John' }, clientSecret: ctxResponse.clientSecret, });"],
    ['# Make protected request', '// Make protected request'],
    ['response = requests.post(', "const response = await post(headers, { name: 'John' });"],
  ],
};

describe.each(Object.entries(EXAMPLES))('%s', (file, pieces) => {
  const sample = bare(readFileSync(fileURLToPath(new URL(file, FOLDER)), 'utf8'));

  it('reads as its reference does, but for what is listed', () => {
    let position = 0;
    const lost = pieces.filter((piece) => {
      const text = bare(typeof piece === 'string' ? piece : piece[1]);
      const found = sample.indexOf(text, position);
      if (found !== -1) position = found + text.length;
      return found === -1;
    });

    expect(lost).toEqual([]);
  });

  it('has nothing to the letter that is listed as another', () => {
    const changed = pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece[0]]));

    expect(changed.filter((reference) => sample.includes(bare(reference)))).toEqual([]);
  });
});

/** A text without its white space, and without what a formatter may add to it. */
function bare(text: string): string {
  return text
    .replace(/\s+/g, '')
    .replace(/,(?=[)\]}]|\/\/)/g, '')
    .replace(/\((\w)\)=>/g, '$1=>');
}
