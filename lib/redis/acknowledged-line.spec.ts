import { AcknowledgedLine } from './acknowledged-line.js';
import { RedisConnection } from './connection.js';
import type { AshRedisSingle } from './redis-client.js';
import { redisScripts } from './scripts.js';

const { consume } = redisScripts(true);
const OPTIONS = { replicas: 1, replicaTimeout: 1_000, timeout: 1_000 };

/** A line to a server whose answers are the test's own, and the commands that it was sent. */
function lineTo(answerTo: (command: string) => unknown) {
  const sent: string[] = [];
  const client = {
    status: 'ready',
    options: {},
    on: () => undefined,
    call: (command: string) => {
      sent.push(command);
      const answer = answerTo(command);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  const connection = new RedisConnection({
    client: client as unknown as AshRedisSingle,
    isOwn: true,
    timeout: OPTIONS.timeout,
  });
  const line = new AcknowledgedLine(connection, OPTIONS);
  const spend = () => line.run({ script: consume, keys: ['a'], parameters: [1] }, (answer) => answer === 'consumed');
  return { spend, sent };
}

describe('AcknowledgedLine', () => {
  it('sends a call once more, with the text, where the server has lost its scripts', async () => {
    const { spend, sent } = lineTo((command) => {
      if (command === 'wait') return 1;
      return command === 'eval' ? ['consumed'] : new Error('NOSCRIPT No matching script.');
    });
    await expect(spend()).resolves.toBe('consumed');
    await expect(spend()).resolves.toBe('consumed');
    expect(sent).toStrictEqual(['eval', 'wait', 'evalsha', 'wait', 'eval', 'wait']);
  });

  it('does not send it once more where it was refused with all that went together', async () => {
    let isWaiting = true;
    const { spend, sent } = lineTo((command) => {
      if (command === 'wait') return isWaiting ? 1 : new Error('UNBLOCKED client unblocked via CLIENT UNBLOCK');
      return command === 'eval' ? ['consumed'] : new Error('NOSCRIPT No matching script.');
    });
    await expect(spend()).resolves.toBe('consumed');
    isWaiting = false;
    await expect(spend()).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toStrictEqual(['eval', 'wait', 'evalsha', 'wait']);
  });
});
