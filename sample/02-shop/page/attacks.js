import { identityOf } from './shop.js';

const TRANSFER = { path: '/transfer', payload: { amount: 100, to: 'acct-7' } };
const QUICK = { path: '/transfer/quick', payload: { amount: 100, to: 'acct-7', note: 'rent' } };
const CART = { path: '/cart', payload: { sku: 'pen', quantity: 2 } };
const CHECKOUT = { path: '/checkout', payload: {} };
const PAYMENT = { path: '/payment', payload: { card: '4242' } };

const HIDDEN_KEY = '•••• (never sent)';
/** Longer than any answer needs to come, so that the wait ends after the context's time by the shop's clock too. */
const MARGIN = 300;

const withBody = (proven, fields) => ({ body: JSON.stringify({ ...JSON.parse(proven.body), ...fields }) });

/** A key as long as a real one. */
const guessedKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * What the lab can do to a request.
 *
 * `act` says where on its way the attacker did what; `expects` lists the codes that the shop should answer, `200` for a
 * request that passes; `runs` is how often a handler should run because of it.
 */
export const ATTACKS = [
  {
    id: 'honest',
    title: 'An honest request',
    story: 'No attack: a transfer of 100, sent as it was proven. To compare with those below.',
    why: 'The proof fits the request and its context was fresh. The context is used up now.',
    expects: ['200'],
    runs: 1,
    async run(attempt) {
      await attempt.attack({ proven: await attempt.prove(TRANSFER) });
    },
  },
  {
    id: 'amount',
    title: 'Change the amount',
    story: 'Somebody between the page and the shop turns 100 into 9000.',
    why: 'The proof was made of the body with 100. For another body another proof is needed, and only the holder of the key can make one.',
    act: { at: 'wire', label: 'amount changed' },
    expects: ['ASH_INTEGRITY_FAILED'],
    runs: 0,
    async run(attempt) {
      const proven = await attempt.prove(TRANSFER);
      await attempt.attack({ proven, change: withBody(proven, { amount: 9000 }) });
    },
  },
  {
    id: 'replay',
    title: 'Send it twice (replay)',
    story: 'The honest request is recorded, and sent again, byte for byte.',
    why: 'A context is good for one request. The first one used it up, so the copy has none.',
    act: { at: 'wire', label: 'recorded and sent again' },
    expects: ['ASH_CTX_ALREADY_USED'],
    runs: 0,
    async run(attempt) {
      const proven = await attempt.prove(TRANSFER);
      await attempt.honest(proven);
      const marks = { 'X-ASH-Context-ID': 'used up already' };
      await attempt.attack({ proven, marks, differs: [['Sent', 'once', 'a second time']] });
    },
  },
  {
    id: 'route',
    title: 'Move it to another route',
    story: 'The request is proven for one route and sent to another, which would take the same body.',
    why: 'A context is issued for one route, and its name is part of the proof.',
    act: { at: 'wire', label: 'sent elsewhere' },
    expects: ['ASH_BINDING_MISMATCH'],
    runs: 0,
    async run(attempt) {
      const proven = await attempt.prove(TRANSFER);
      await attempt.attack({ proven, change: { path: QUICK.path } });
    },
  },
  {
    id: 'subject',
    title: 'Take another user’s context',
    story: 'Somebody else got hold of your request and its proof, and sends them under their own login.',
    why: 'A context is issued to one user. In the hands of another it opens nothing.',
    act: { at: 'wire', label: 'sent by another user' },
    expects: ['ASH_SUBJECT_MISMATCH'],
    runs: 0,
    async run(attempt) {
      const { other } = attempt;
      const proven = await attempt.prove(TRANSFER);
      const headers = { ...proven.headers, ...identityOf(other) };
      await attempt.attack({ proven, change: { user: other, headers } });
    },
  },
  {
    id: 'skip',
    title: 'Skip a step',
    story: 'From the cart straight to the payment, without the checkout in between.',
    why: 'Each step proves the one before it. The payment has to follow the checkout, and the proof that it names is that of the cart.',
    act: { at: 'client', label: 'checkout left out' },
    expects: ['ASH_CHAIN_BROKEN'],
    runs: 0,
    async run(attempt) {
      const previousProof = await attempt.walk(CART);
      const proven = await attempt.prove({ ...PAYMENT, previousProof });
      const marks = { 'X-ASH-Chain-Hash': 'names the cart' };
      await attempt.attack({ proven, marks, differs: [['Follows', 'POST /checkout', 'POST /cart']] });
    },
  },
  {
    id: 'twice',
    title: 'Pay twice at once',
    story: 'Two payments for one checkout, sent at the same moment. Each has a fresh context and a good proof.',
    why: 'A checkout can be followed by one payment only, and the store decides which in a single indivisible act. However close they come, one wins.',
    act: { at: 'client', label: 'paid twice' },
    expects: ['200', 'ASH_CHAIN_BROKEN'],
    runs: 1,
    async run(attempt) {
      const previousProof = await attempt.walk(CART, CHECKOUT);
      const first = await attempt.prove({ ...PAYMENT, previousProof });
      const second = await attempt.prove({ ...PAYMENT, previousProof });
      const differs = [['Follows', 'a checkout of its own', 'the same checkout as the other']];
      const marks = { 'X-ASH-Chain-Hash': 'the same in both' };
      await attempt.attack(
        { title: 'One payment', proven: first, differs, marks },
        { title: 'The other payment', proven: second, differs, marks },
      );
    },
  },
  {
    id: 'late',
    title: 'Send it late',
    story: 'The request is held back until its context has run out. On this route that takes two seconds.',
    why: 'A context is good for a short time, so a recorded request is soon worth nothing.',
    act: { at: 'wire', label: 'held back' },
    expects: ['ASH_CTX_EXPIRED'],
    runs: 0,
    async run(attempt) {
      const proven = await attempt.prove(QUICK);
      const { issuedAt, expiresAt } = proven.context;
      const life = expiresAt - issuedAt;
      await attempt.wait(life + MARGIN);
      const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s after its context was issued`;
      const marks = { 'X-ASH-Context-ID': 'has run out' };
      await attempt.attack({
        proven,
        marks,
        differs: [['Sent', `within ${seconds(life)}`, `${seconds(life + MARGIN)}`]],
      });
    },
  },
  {
    id: 'unscoped',
    title: 'Change a field that is not covered',
    story: 'This route covers only “amount” and “to”. The note is changed, and a field is slipped in.',
    why: 'The proof covers two fields, and they are as they were. The shop strips the rest before the handler sees it, so what was changed goes nowhere: compare “received” in the answer.',
    act: { at: 'wire', label: 'note changed, field added' },
    expects: ['200'],
    runs: 1,
    async run(attempt) {
      const proven = await attempt.prove(QUICK);
      await attempt.attack({
        proven,
        change: withBody(proven, { note: 'for the attacker', admin: true }),
        differs: [['Covered fields', proven.covers.canonical, proven.covers.canonical]],
      });
    },
  },
  {
    id: 'key',
    title: 'Forge it with a wrong key',
    story: 'The attacker knows everything that was sent, but not the key, and makes a proof with a guessed one.',
    why: 'The key never leaves the client. Without it nobody can make a proof that fits, and there are 2²⁵⁶ keys to guess from.',
    act: { at: 'proof', label: 'a guessed key' },
    expects: ['ASH_INTEGRITY_FAILED'],
    runs: 0,
    async run(attempt) {
      const proven = await attempt.prove({ ...TRANSFER, clientSecret: guessedKey() });
      const differs = [['Key of the proof', `the context’s: ${HIDDEN_KEY}`, `a guessed one: ${HIDDEN_KEY}`]];
      await attempt.attack({ proven, differs, marks: { 'X-ASH-Proof': 'made with the guessed key' } });
    },
  },
];
