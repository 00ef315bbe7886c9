import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { root } from '../../scripts/run.mjs';

/** Starts the built shop as a process of its own on a free port, and answers its URL and how to end it. */
export async function startShop(env = {}, { stderr = 'inherit' } = {}) {
  const shop = spawn(process.execPath, ['dist-sample/02-shop/main.js'], {
    cwd: root,
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', stderr],
  });
  const exited = once(shop, 'exit');
  for await (const line of createInterface({ input: shop.stdout })) {
    const ready = /^ready (\S+)$/.exec(line);
    if (ready === null) continue;
    // Whatever is logged from here on is read and dropped, lest a full pipe block the shop.
    shop.stdout.resume();
    return {
      url: ready[1],
      exited,
      end: () => (shop.kill('SIGTERM'), exited),
      kill: () => (shop.kill('SIGKILL'), exited),
    };
  }
  throw new Error(`The shop ended before it was ready: ${(await exited).join(' ')}`);
}

/** What the shop can stand on: a title, and what the environment says. */
export const SERVERS = [
  ['Nest and Express', { ADAPTER: 'express' }],
  ['Nest and Fastify', { ADAPTER: 'fastify' }],
  ['Express', { FRAMEWORK: 'express' }],
  ['Fastify', { FRAMEWORK: 'fastify' }],
];
