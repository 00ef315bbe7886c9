import { AshClient, ashCanonicalizeValue, ashExtractScopedFields, ashHashBody, ashHashProof } from '/ash.mjs';
import { readLedger } from './ledger.js';
import { clientOf, currentUser, identityOf, USERS } from './shop.js';

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** One run of an attack, and all that happened in it. */
export class Attempt {
  /** Who is attacked: whoever is chosen on the page. */
  user = currentUser();
  /** Somebody else. */
  other = USERS.find((user) => user !== this.user);
  /** What was done, in sentences. */
  steps = [];
  /** What the attack sent, and what came back. */
  exchanges = [];
  /** The ledger before the attack's own requests, and after them. */
  before;
  after;
  #onWait;

  /** `onWait` is told how much of a wait is left and how long it is, in milliseconds. */
  constructor(onWait) {
    this.#onWait = onWait;
  }

  /**
   * Makes a request and proves it, as the client does, but does not send it. `clientSecret` stands in for the one of
   * the context.
   */
  async prove({ method = 'POST', path, payload, previousProof, clientSecret }) {
    const { user } = this;
    const context = await clientOf(user).context(method, path);
    this.steps.push(`The shop issued a context to ${user} for ${method} ${path}.`);
    const key = clientSecret === undefined ? {} : { clientSecret };
    // By the shop's clock, which may not be that of this machine.
    const timestamp = context.issuedAt;
    const proof = AshClient.buildHeaders({ ...context, ...key, payload, previousProof, timestamp });
    return {
      method,
      path,
      user,
      context,
      body: JSON.stringify(payload),
      covers: coverOf({ context, payload, previousProof, timestamp }),
      headers: { 'Content-Type': 'application/json', ...identityOf(user), ...proof },
    };
  }

  /** Makes and sends the requests that come before the attack. Answers the proof that the next step builds on. */
  async honest(proven) {
    const { status, code, headers } = await deliver(proven);
    const how = `${proven.method} ${proven.path} was sent as it was meant, and answered with ${status}`;
    if (status >= 400) throw new Error(`${how} ${code ?? ''}.`);
    this.steps.push(`${how}.`);
    return headers.get('x-ash-chain-proof') ?? undefined;
  }

  /** Takes the steps of a checkout up to a path. */
  async walk(...steps) {
    let previousProof;
    for (const step of steps) previousProof = await this.honest(await this.prove({ ...step, previousProof }));
    return previousProof;
  }

  /**
   * Sends requests at the same moment, and records what came back. Of each: `change`, what was changed after it was
   * proven; `differs`, more rows to compare; `marks`, what to say of a header.
   */
  async attack(...requests) {
    this.before = await readLedger();
    const answers = await Promise.all(requests.map(({ proven, change }) => deliver({ ...proven, ...change })));
    this.after = await readLedger();
    this.exchanges = requests.map(({ title, proven, change = {}, differs = [], marks = {} }, index) => {
      const sent = { ...proven, ...change };
      return { title, proven, sent, marks, rows: [...rowsOf(proven, sent), ...differs], answer: answers[index] };
    });
  }

  /** Lets time pass. */
  async wait(milliseconds) {
    const end = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0; left = end - performance.now()) {
      this.#onWait(left, milliseconds);
      await pause(Math.min(left, 100));
    }
    this.#onWait(0, milliseconds);
    this.steps.push(`The request was held back for ${(milliseconds / 1000).toFixed(1)} seconds.`);
  }
}

/** What a proof covers, part by part, as it stands in the proof's message. */
function coverOf({ context, payload, previousProof, timestamp }) {
  const { scope = [], binding } = context;
  const canonical = ashCanonicalizeValue(scope.length === 0 ? payload : ashExtractScopedFields(payload, scope));
  return {
    canonical,
    parts: [
      ['time', String(timestamp)],
      ['route', binding],
      ['hash of the canonical text', ashHashBody(canonical)],
      ['hash of the scope', scope.length === 0 ? '' : ashHashBody(scope.join(','))],
      ['hash of the step before', previousProof === undefined ? '' : ashHashProof(previousProof)],
    ],
  };
}

/** Sends a request with plain `fetch`, as an attacker would. */
async function deliver({ method, path, headers, body }) {
  const response = await fetch(path, { method, headers, body });
  const text = await response.text();
  const value = readJson(text);
  return {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
    verified: response.headers.get('x-ash-verified'),
    code: value?.code,
    message: value?.message,
    body: value === undefined ? text : JSON.stringify(value, undefined, 2),
  };
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What every attack compares: `[what, as it was meant, as it was sent]`. */
function rowsOf(proven, sent) {
  return [
    ['Route', `${proven.method} ${proven.path}`, `${sent.method} ${sent.path}`],
    ['Sent by', proven.user, sent.user],
    ['Body', proven.body, sent.body],
  ];
}
