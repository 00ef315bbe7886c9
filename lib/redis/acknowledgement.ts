import { UnderWay } from '../stores/under-way.js';
import { within } from '../stores/within.js';
import { AcknowledgedLine, longestWait, type AcknowledgementOptions } from './acknowledged-line.js';
import { RedisConnection } from './connection.js';
import { secondClient } from './own-client.js';
import { isCluster, type AshRedisClient, type AshRedisCluster, type AshRedisSingle } from './redis-client.js';
import type { ScriptCall } from './script-call.js';
import { slotOf } from './slot.js';
import { unavailable } from './unavailable.js';

/** Runs what replicas have to confirm: on the connection of the server that holds the key. */
export interface Acknowledgement {
  /** Connects, so that the first request need not wait for it. */
  open(timeout: number): Promise<void>;
  /** Ends the attempts to connect; another {@link open} begins them again. */
  giveUp(): void;
  /**
   * @param isWritten Whether an answer says that something was written that must not be lost.
   * @throws AshError `ASH_STORE_UNAVAILABLE` also where too few replicas confirmed; it is written then all the same.
   */
  run(call: ScriptCall, isWritten: (answer: unknown) => boolean): Promise<unknown>;
  close(): Promise<void>;
}

/** @param client The client whose servers are asked; it stays as it is. */
export function acknowledgement(client: AshRedisClient, options: AcknowledgementOptions): Acknowledgement {
  const longest = longestWait(options);
  const second = secondClient(client, longest);
  const runner = isCluster(second) ? onEveryMaster(second, options) : onOneServer(second, options);
  const underWay = new UnderWay();
  return {
    open: (timeout) => runner.open(timeout),
    giveUp: () => {
      runner.giveUp();
    },
    close: async () => {
      // What waits for its turn has not been sent yet.
      await underWay.end(longest);
      await runner.close();
    },
    run: (call, isWritten) =>
      underWay.during(() =>
        within(runner.run(call, isWritten), longest, () =>
          unavailable(`Redis and its replicas did not answer within ${longest} ms.`),
        ),
      ),
  };
}

function onOneServer(client: AshRedisSingle, options: AcknowledgementOptions): Acknowledgement {
  const connection = new RedisConnection({ client, isOwn: true, timeout: options.timeout });
  const line = new AcknowledgedLine(connection, options);
  return {
    open: (timeout) => connection.whenReady(timeout),
    giveUp: () => {
      connection.giveUp();
    },
    run: (call, isWritten) => line.run(call, isWritten),
    close: () => connection.close(),
  };
}

/** A line for each master: `WAIT` has to go where its writes went. */
function onEveryMaster(cluster: AshRedisCluster, options: AcknowledgementOptions): Acknowledgement {
  const { timeout } = options;
  const connection = new RedisConnection({ client: cluster, isOwn: true, timeout });
  const lines = new WeakMap<AshRedisSingle, AcknowledgedLine>();
  const prefix = cluster.options.keyPrefix ?? '';

  function lineOf(node: AshRedisSingle): AcknowledgedLine {
    const line =
      lines.get(node) ?? new AcknowledgedLine(new RedisConnection({ client: node, isOwn: true, timeout }), options);
    lines.set(node, line);
    return line;
  }

  return {
    open: (timeout) => connection.whenReady(timeout),
    giveUp: () => {
      connection.giveUp();
    },
    close: () => connection.close(),
    run: async (call, isWritten) => {
      await connection.whenReady();
      try {
        const node = masterOf(cluster, slotOf(prefix + (call.keys[0] ?? '')));
        if (node === undefined) throw unavailable('The master of the slot is not known for now.');
        // The prefix of the Cluster's client is not always one of its nodes' too.
        const missing = node.options.keyPrefix === prefix ? '' : prefix;
        return await lineOf(node).run({ ...call, keys: call.keys.map((key) => missing + key) }, isWritten);
      } catch (error) {
        // The slot can have moved: the next call shall know where to.
        cluster.refreshSlotsCache();
        throw error;
      }
    },
  };
}

function masterOf(cluster: AshRedisCluster, slot: number): AshRedisSingle | undefined {
  const address = cluster.slots[slot]?.[0];
  return cluster.nodes('master').find(({ options }) => `${options.host ?? ''}:${String(options.port)}` === address);
}
