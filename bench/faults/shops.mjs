import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startShop } from '../../test/dist/shop-process.mjs';

const END_WITHIN = 10_000;
const LOG_LINES = 40;

/** Ends a shop in good order, and answers whether it had to be killed. */
async function endShop({ end, kill }) {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill();
  }, END_WITHIN);
  await end();
  clearTimeout(timer);
  return late;
}

/**
 * Processes of the shop, one for each environment; what they complain of is kept from the screen.
 *
 * `check` throws where one ended by itself, with the end of what they said.
 */
export async function startShops(environments) {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-ash-shops-'));
  const file = join(folder, 'shops.log');
  const log = openSync(file, 'a');
  const outcomes = await Promise.allSettled(environments.map((env) => startShop(env, { stderr: log })));
  closeSync(log);
  const said = () => {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    // Node signs what it says of an error that nobody caught; the other shops go on to complain.
    const signed = lines.findLastIndex((line) => /^Node\.js v/.test(line));
    return (signed < 0 ? lines : lines.slice(0, signed)).slice(-LOG_LINES).join('\n');
  };
  const shops = outcomes.flatMap(({ value }) => value ?? []);
  const crashed = [];
  for (const { exited, url } of shops) void exited.then((how) => crashed.push(`${url} (${how.join(' ')})`));

  const check = () => {
    if (crashed.length > 0) throw new Error(`A shop ended by itself: ${crashed.join(', ')}\n${said()}`);
  };
  const end = async () => {
    const killed = await Promise.all(shops.map(endShop));
    rmSync(folder, { recursive: true, force: true });
    if (killed.includes(true)) throw new Error(`A shop did not end within ${END_WITHIN} ms of SIGTERM`);
  };
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed === undefined) return { shops, check, end };
  const reason = said();
  await end();
  throw new Error(`The shops did not start:\n${reason}`, { cause: failed.reason });
}
