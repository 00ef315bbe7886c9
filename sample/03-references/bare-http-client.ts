import { AshClient } from 'nestjs-ash/client';
import { fetchFrom } from './fetch-from.js';
import { lineOf, type Print } from './print.js';

/** Calls the bare server: once with all that the client does by itself, and then by hand, to change and to replay. */
export async function run(url: string, print: Print) {
  const payload = { amount: 100, to: 'acct-7' };
  const ash = new AshClient({ baseUrl: url });
  const answer = await ash.post('/transfer', payload);
  print(`X-ASH-Verified: ${answer.headers.get('X-ASH-Verified')}`);
  print(`sent    ${await lineOf(answer)}`);

  const fetch = fetchFrom(url);
  const context = await ash.context('POST', '/transfer');
  const headers = { 'Content-Type': 'application/json', ...ash.buildHeaders({ ...context, payload }) };
  const send = (body: object) => fetch('/transfer', { method: 'POST', headers, body: JSON.stringify(body) });
  print(`changed ${await lineOf(await send({ ...payload, amount: 1_000_000 }))}`);
  print(`sent    ${await lineOf(await send(payload))}`);
  print(`again   ${await lineOf(await send(payload))}`);
}
