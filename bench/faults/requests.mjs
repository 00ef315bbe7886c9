import { Agent, request } from 'node:http';
import { AshClient } from 'nestjs-ash/client';

// Each request goes out at once: a pool with a bound would queue them in here, and hide who waited for whom.
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
const GIVE_UP_AFTER = 30_000;

/** What became of one request; `status` is 0 where no answer came. `waited` is in milliseconds. */
export function post(shop, { path, headers = {}, body }) {
  const begun = performance.now();
  return new Promise((resolve) => {
    const end = (status, answer) => {
      const code = answer?.code ?? String(status);
      resolve({ status, code, answer, waited: performance.now() - begun });
    };
    const sent = request(
      `${shop.url}${path}`,
      {
        agent,
        method: 'POST',
        timeout: GIVE_UP_AFTER,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
      },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', () => end(0));
        response.on('end', () => {
          try {
            end(response.statusCode, JSON.parse(Buffer.concat(chunks).toString()));
          } catch {
            end(response.statusCode);
          }
        });
      },
    );
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => end(0));
    sent.end(body);
  });
}

export const isAccepted = ({ status }) => status >= 200 && status < 300;

/** Asks for a context and proves a request with it, which then can be sent any number of times. */
export async function prove(shop, path, payload, { previousProof } = {}) {
  const issued = await post(shop, { path: '/ash/context', body: JSON.stringify({ binding: `POST ${path}` }) });
  if (!isAccepted(issued)) return { issued };
  const headers = AshClient.buildHeaders({ ...issued.answer, payload, previousProof });
  return { issued, draft: { path, headers, body: JSON.stringify(payload) } };
}

/** How often the handlers of all shops really ran. */
export async function ledgerOf(shops) {
  const total = {};
  for (const { url } of shops) {
    const ledger = await (await fetch(`${url}/ledger`)).json();
    for (const [kind, count] of Object.entries(ledger)) total[kind] = (total[kind] ?? 0) + count;
  }
  return total;
}

/** How many answers there were of each code. */
export function tallyOf(answers) {
  const tally = {};
  for (const { code } of answers) tally[code] = (tally[code] ?? 0) + 1;
  return tally;
}
