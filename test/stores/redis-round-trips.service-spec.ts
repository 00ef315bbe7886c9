import { Cluster, Redis } from 'ioredis';
import { AshRedisStore, type AshRedisClient } from 'nestjs-ash/redis';
import type { AshContextStore } from '../../lib/stores/context-store.js';
import { BoundedStore } from '../../lib/verification/bounded-store.js';
import type { ChainRule } from '../../lib/verification/chain-rules.js';
import { AshIssuer } from '../../lib/verification/issuer.js';
import { compilePolicy, type AshRoutePolicy } from '../../lib/verification/policy.js';
import { RouteBinding } from '../../lib/verification/route-binding.js';
import type { AshPass } from '../../lib/verification/verdict.js';
import { AshVerifier } from '../../lib/verification/verifier.js';
import {
  startRedis,
  startRedisCluster,
  startRedisSentinel,
  type RedisCluster,
  type RedisSentinel,
  type RedisServer,
} from '../../scripts/services/index.mjs';
import { prove } from '../verification/route-under-test.js';
import { newPrefix } from './redis-service.js';
import { TcpProxy } from './tcp-proxy.js';

const WAIT = 20_000;
const HOLD_BACK = 20;
const CHAIN = { name: 'checkout', start: true, after: new Map([['POST /cart', WAIT]]), linkTtl: WAIT };

/** A route as the library verifies it. */
class Route {
  private readonly policy: AshRoutePolicy;
  private readonly bounded: BoundedStore;

  constructor(
    store: AshContextStore,
    private readonly binding: string,
    chain?: Omit<ChainRule, 'step'>,
  ) {
    this.bounded = new BoundedStore(store, WAIT);
    this.policy = compilePolicy({
      name: 'Payments.route',
      bindings: [RouteBinding.parse(binding)],
      options: {},
      chain: chain && { ...chain, step: binding },
      needsSubject: false,
      explain: false,
    });
  }

  issue() {
    return new AshIssuer({ store: this.bounded, find: () => this.policy }).issue({ binding: this.binding, ttl: WAIT });
  }

  async verify(context: Awaited<ReturnType<Route['issue']>>, previousProof?: string): Promise<AshPass> {
    const draft = prove(context, {
      timestamp: Date.now(),
      ...(previousProof === undefined ? {} : { previousProof }),
    });
    const verdict = await new AshVerifier({ store: this.bounded, clock: Date.now }).verify(draft, this.policy);
    if (!verdict.ok) throw new Error(`An honest request was refused: ${verdict.code}`, { cause: verdict.cause });
    return verdict;
  }
}

/** The commands that servers got meanwhile for one prefix; what a script does itself is no command. */
async function commandsOf(servers: readonly Redis[], prefix: string, act: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = [];
  const ends: (() => void)[] = [];
  for (const server of servers) {
    const monitor = await server.monitor();
    monitor.on('monitor', (_time: string, [command = '', ...parameters]: string[], source: string) => {
      if (source !== 'lua' && parameters.some((each) => each.includes(prefix))) seen.push(command.toLowerCase());
    });
    ends.push(() => {
      monitor.disconnect();
    });
  }
  await act();
  // What a monitor has to say comes after the answer.
  for (const server of servers) await server.ping();
  await new Promise((resolve) => setTimeout(resolve, HOLD_BACK));
  for (const end of ends) end();
  return seen;
}

// Of their own: on a busy server, what a monitor sees can come before the answer that it begins with, which ends the client.
let nodes: RedisCluster;
let watched: RedisSentinel;
beforeAll(async () => {
  [nodes, watched] = await Promise.all([startRedisCluster(), startRedisSentinel()]);
});
afterAll(() => Promise.all([nodes.stop(), watched.stop()]));

describe('AshRedisStore asks', () => {
  const prefix = newPrefix();
  /** Of its own: it loses its scripts. */
  let server: RedisServer;
  let redis: Redis;
  let cluster: Cluster;
  let proxy: TcpProxy;
  let single: AshRedisStore;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
    cluster = new Cluster([...nodes.nodes]);
    proxy = await TcpProxy.start(server, HOLD_BACK);
    single = new AshRedisStore({ port: proxy.port }, { prefix });
    await single.open();
  });

  afterAll(async () => {
    await single.close();
    await proxy.stop();
    await redis.quit();
    await cluster.quit();
    await server.stop();
  });

  /** A step after another one of a chain, ready to be verified; every script has run once on every server. */
  async function stepAfterAnother(store: AshRedisStore, warmUps: number): Promise<() => Promise<AshPass>> {
    const cart = new Route(store, 'POST /cart', CHAIN);
    const payment = new Route(store, 'POST /payment', CHAIN);
    for (let index = 0; index < warmUps; index++) {
      const { step } = await cart.verify(await cart.issue());
      await step?.succeed();
      await payment.verify(await payment.issue(), step?.proof);
    }
    const { step } = await cart.verify(await cart.issue());
    await step?.succeed();
    const context = await payment.issue();
    return () => payment.verify(context, step?.proof);
  }

  const counted = async (act: () => Promise<unknown>) => {
    const before = proxy.trips;
    const commands = await commandsOf([redis], prefix, act);
    return { trips: proxy.trips - before, commands };
  };

  it('once to issue a context, and twice to verify a request', async () => {
    const route = new Route(single, 'POST /transfer');
    await route.verify(await route.issue());
    const { commands, trips } = await counted(() => route.issue());
    expect({ commands, trips }).toStrictEqual({ commands: ['evalsha'], trips: 1 });
    const context = await route.issue();
    expect(await counted(() => route.verify(context))).toStrictEqual({ commands: ['mget', 'evalsha'], trips: 2 });
  });

  it('twice to verify a step of a chain', async () => {
    const verify = await stepAfterAnother(single, 1);
    expect(await counted(verify)).toStrictEqual({ commands: ['mget', 'evalsha'], trips: 2 });
  });

  it('three times on a Cluster, where context and link lie apart', async () => {
    const store = new AshRedisStore(cluster, { prefix });
    await store.open();
    const verify = await stepAfterAnother(store, 20);
    const commands = await commandsOf(cluster.nodes('master'), prefix, verify);
    expect(commands.sort()).toStrictEqual(['evalsha', 'evalsha', 'mget', 'mget']);
  });

  it('once to agree on a seed, whoever is first, and once to find it', async () => {
    for (const proposed of [7, 8]) {
      const agreement = await counted(() => single.agreeOnSeed(1, proposed, WAIT));
      expect(agreement).toStrictEqual({ commands: ['set'], trips: 1 });
    }
    expect(await counted(() => single.findSeed(1))).toStrictEqual({ commands: ['get'], trips: 1 });
  });

  it('once more, with the text of the script, where the server has lost its scripts', async () => {
    const route = new Route(single, 'POST /transfer');
    await route.issue();
    await redis.script('FLUSH');
    expect(await counted(() => route.issue())).toStrictEqual({ commands: ['evalsha', 'eval'], trips: 2 });
    expect(await counted(() => route.issue())).toStrictEqual({ commands: ['evalsha'], trips: 1 });
  });
});

describe('AshRedisStore with replicas', () => {
  it.each<[title: string, connect: () => AshRedisClient, masters: (client: AshRedisClient) => Redis[]]>([
    [
      'behind Sentinel',
      () => new Redis({ sentinels: [...watched.sentinels], name: watched.name }),
      (client) => [client as unknown as Redis],
    ],
    ['on a Cluster', () => new Cluster([...nodes.nodes]), (client) => (client as unknown as Cluster).nodes('master')],
  ])('gathers what comes while one WAIT is under way into the next one, %s', async (_title, connect, masters) => {
    const client = connect();
    const prefix = newPrefix();
    const store = new AshRedisStore(client, { prefix, replicas: 1 });
    await store.open();
    const contexts = await Promise.all(
      Array.from({ length: 90 }, () => store.create({ binding: 'POST /a', ttlMs: WAIT })),
    );
    const waits: string[] = [];
    const monitors = await Promise.all(masters(client).map((master) => master.monitor()));
    for (const monitor of monitors) {
      monitor.on('monitor', (_time: string, [command = '']: string[]) => {
        if (command.toLowerCase() === 'wait') waits.push(command);
      });
    }
    const results = await Promise.all(contexts.map(({ id }) => store.consume(id)));
    expect(new Set(results)).toStrictEqual(new Set(['consumed']));
    await Promise.all(masters(client).map((master) => master.ping()));
    for (const monitor of monitors) monitor.disconnect();
    // The first one alone, all the others together, and once more for a server that did not have the script.
    expect(waits.length).toBeGreaterThanOrEqual(2);
    expect(waits.length).toBeLessThanOrEqual(3 * monitors.length);
    await store.close();
    await client.quit();
  });
});
