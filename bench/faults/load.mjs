import { setTimeout as wait } from 'node:timers/promises';
import { isAccepted, ledgerOf, post, prove } from './requests.mjs';

const AMOUNT = 1;
const TWINS = 5;
const REPLAYS = 3;
const REPLAY_AFTER = [100, 1_500];
const DRAIN_WITHIN = 15_000;

/**
 * Honest transfers to shops at a steady rate, each to an account of its own and with a fresh context; and replays of
 * them, at the same moment, soon after, and once more after a fault.
 *
 * Every answer of 2xx is a run of the handler, and the shops' own ledgers tell of runs whose answer was lost.
 */
export class Load {
  #shops;
  #rate;
  #attempts = [];
  #due = [];
  #underWay = new Set();
  #timers = [];
  #tally = {};
  #requests = 0;
  #longest = 0;
  #since;

  /** `rate` is how many honest transfers begin in a second; up to three times as many replays do. */
  constructor(shops, { rate }) {
    this.#shops = shops;
    this.#rate = rate;
  }

  async start() {
    const { transfers = 0 } = await ledgerOf(this.#shops);
    this.#since = transfers;
    const every = 1_000 / this.#rate;
    this.#timers = [
      setInterval(() => this.#track(this.#transfer()), every),
      setInterval(() => this.#replayNext(), every / REPLAYS),
    ];
  }

  /** Begins nothing more. */
  stop() {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Contexts that are issued, and not yet spent. */
  async park(count) {
    const attempts = await Promise.all(Array.from({ length: count }, () => this.#begin()));
    return attempts.filter(({ draft }) => draft !== undefined);
  }

  /** Spends what was parked. */
  async spend(attempts) {
    await Promise.all(attempts.map((attempt) => this.#finish(attempt)));
  }

  /** Sends everything that was ever sent once more. */
  replayAll() {
    const again = this.#attempts.filter(({ sent }) => sent);
    this.#due.push(...again.map((attempt) => ({ attempt, at: 0 })));
  }

  /** Ends the honest requests, waits for the replays that are due, and counts. `faultEnded` is by the clock of `performance`. */
  async finish({ faultEnded }) {
    clearInterval(this.#timers[0]);
    const end = performance.now() + DRAIN_WITHIN;
    while ((this.#due.length > 0 || this.#underWay.size > 0) && performance.now() < end) await wait(20);
    this.stop();
    await Promise.all(this.#underWay);

    const accepted = this.#attempts.reduce((sum, { runs }) => sum + runs, 0);
    const repeated = this.#attempts.reduce((sum, { runs }) => sum + Math.max(0, runs - 1), 0);
    const { transfers } = await ledgerOf(this.#shops);
    const runs = transfers - this.#since;
    return {
      requests: this.#requests,
      accepted,
      tally: this.#tally,
      // A run whose answer nobody saw counts too: nobody can tell that it was the first.
      secondRuns: repeated + Math.max(0, runs - accepted),
      unseenRuns: runs - accepted,
      replayed: this.#attempts.filter(({ replays: count }) => count > 0).length,
      longest: this.#longest,
      ...this.#recovery(faultEnded),
    };
  }

  /** How long after the fault the first honest transfer passed, and when the first one since which all did. */
  #recovery(faultEnded) {
    const later = this.#attempts.filter(({ begun, ended }) => begun >= faultEnded && ended !== undefined);
    const since = (attempts) =>
      attempts.length === 0 ? undefined : Math.min(...attempts.map(({ ended }) => ended)) - faultEnded;
    const lastRefused = Math.max(faultEnded, ...later.filter(({ passed }) => !passed).map(({ begun }) => begun));
    return {
      firstPass: since(later.filter(({ passed }) => passed)),
      steady: since(later.filter(({ begun, passed }) => passed && begun >= lastRefused)),
      refusedAfter: later.filter(({ passed }) => !passed).length,
    };
  }

  async #transfer() {
    const attempt = await this.#begin();
    if (attempt.draft === undefined) return;
    const isTwin = this.#attempts.length % TWINS === 0;
    await Promise.all([this.#finish(attempt), ...(isTwin ? [this.#replay(attempt)] : [])]);
  }

  async #begin() {
    const attempt = { to: `acct-${this.#attempts.length}`, begun: performance.now(), runs: 0, replays: 0, sent: false };
    this.#attempts.push(attempt);
    const { draft, issued } = await prove(this.#shop(), '/transfer', { amount: AMOUNT, to: attempt.to });
    this.#count(issued);
    if (draft === undefined) attempt.ended = performance.now();
    return Object.assign(attempt, { draft, passed: false });
  }

  async #finish(attempt) {
    await this.#send(attempt);
    attempt.ended = performance.now();
    // That its twin was faster is no failure of an honest request.
    attempt.passed = attempt.runs > 0 || attempt.lastCode === 'ASH_CTX_ALREADY_USED';
    for (const after of REPLAY_AFTER) this.#due.push({ attempt, at: attempt.ended + after });
  }

  #replayNext() {
    const now = performance.now();
    const index = this.#due.findIndex(({ at }) => at <= now);
    if (index < 0) return;
    const [{ attempt }] = this.#due.splice(index, 1);
    this.#track(this.#replay(attempt));
  }

  async #replay(attempt) {
    attempt.replays += 1;
    await this.#send(attempt);
  }

  async #send(attempt) {
    attempt.sent = true;
    const answer = await post(this.#shop(), attempt.draft);
    this.#count(answer);
    attempt.lastCode = answer.code;
    if (isAccepted(answer)) attempt.runs += 1;
  }

  #shop() {
    return this.#shops[Math.floor(Math.random() * this.#shops.length)];
  }

  #count({ code, waited }) {
    this.#requests += 1;
    this.#tally[code] = (this.#tally[code] ?? 0) + 1;
    this.#longest = Math.max(this.#longest, waited);
  }

  #track(promise) {
    this.#underWay.add(promise);
    void promise.finally(() => this.#underWay.delete(promise));
  }
}
