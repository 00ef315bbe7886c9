import { startPostgres, startRedis } from '../../scripts/services/index.mjs';
import { PROTECTIONS } from '../workers/routes/protections.mjs';
import { cores, pin } from './cores.mjs';
import { startWorker } from './worker.mjs';

const SECONDS = 0.5;
/** The requests of the first run, which the engine compiles what it will measure in. */
const FIRST = 6_000;
const FEWEST = 500;
const MOST = 20_000;

const ACCEPTED = { status: 200, body: '{"done":true}' };

/** The server process with all applications, the process of the clients, and the servers behind them. */
export class RouteBench {
  #server;
  #clients;
  #servers;
  #applications = new Map();
  #stops = [];

  /** Everything runs when it is answered; where something does not start, all is ended that did. */
  static async start() {
    const bench = new RouteBench();
    try {
      await bench.#start();
      return bench;
    } catch (error) {
      await bench.stop();
      throw error;
    }
  }

  async #start() {
    const [own, others] = cores();
    const redis = await this.#keep(startRedis());
    const postgres = await this.#keep(startPostgres());
    this.#server = await this.#keep(startWorker('route-server', { core: own }));
    this.#clients = await this.#keep(startWorker('route-load', { core: others }));
    for (const { pid } of [redis, postgres, process]) pin(pid, others);
    this.#servers = { redisUrl: redis.url, postgresUrl: postgres.url };
  }

  async #keep(starting) {
    const started = await starting;
    this.#stops.unshift(() => started.stop());
    return started;
  }

  async stop() {
    for (const stop of this.#stops) await stop();
  }

  /** A route of the server, which is made sure to refuse what it claims to. */
  async route({ adapter, name, size }) {
    const application = await this.#application(adapter, name);
    const route = new Route({ server: this.#server, clients: this.#clients }, { ...application, name, size });
    await route.check();
    return route;
  }

  /** Starts an application where it does not run yet. */
  async #application(adapter, name) {
    const key = `${adapter} ${name}`;
    if (!this.#applications.has(key)) {
      this.#applications.set(key, await this.#server.ask('start', { adapter, name, servers: this.#servers }));
    }
    return this.#applications.get(key);
  }
}

/** One route of the server, under load. */
class Route {
  #server;
  #clients;
  #given;
  #count = FIRST;
  /** What a request that was there is answered. */
  #refusal;

  constructor({ server, clients }, given) {
    this.#server = server;
    this.#clients = clients;
    this.#given = given;
  }

  /** @throws Error where an honest request is refused, or another passes. */
  async check() {
    const { name } = this.#given;
    const issued = await this.#issue(1);
    const answers = await this.#clients.ask('probe', { ...this.#given, issued });
    for (const [probe, { status, body }] of Object.entries(answers)) {
      const isRefusal = PROTECTIONS[name].refuses.includes(probe);
      const isAccepted = status === ACCEPTED.status && body === ACCEPTED.body;
      if (isRefusal ? status < 400 : !isAccepted) throw new Error(`${name}, ${probe}: answered ${status} ${body}`);
    }
    this.#refusal = answers.again;
  }

  /**
   * One round, of about half a second.
   *
   * @param withReplays Whether all its requests are sent once more, to be refused.
   * @returns Requests a second, the microseconds of CPU that each costs the server and its client, and the latencies
   * in milliseconds; the same of the refused ones under `replayed`.
   */
  async run({ connections, withReplays }) {
    const count = this.#count;
    const issued = await this.#issue(count);
    await this.#clients.ask('prepare', { ...this.#given, connections, count, issued });
    await this.#server.ask('settle');
    const figures = await this.#send(ACCEPTED);
    this.#count = Math.round(Math.min(MOST, Math.max(FEWEST, figures.rate * SECONDS)));
    return withReplays ? { ...figures, replayed: await this.#send(this.#refusal) } : figures;
  }

  #issue(count) {
    return this.#server.ask('issue', { application: this.#given.application, count });
  }

  async #send({ status, body }) {
    const before = await this.#server.ask('cpu');
    const { count, seconds, cpu: clientCpu, p50, p99 } = await this.#clients.ask('send', { status, body });
    const cpu = (await this.#server.ask('cpu')) - before;
    return { rate: count / seconds, cpu: cpu / count, clientCpu: clientCpu / count, p50, p99 };
  }
}
