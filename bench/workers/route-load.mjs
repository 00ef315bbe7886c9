import { ClosedLoop } from '../harness/closed-loop.mjs';
import { percentile } from '../harness/figures.mjs';
import { PAYLOADS } from '../harness/payloads.mjs';
import { serve, settle } from '../harness/worker.mjs';
import { PROTECTIONS } from './routes/protections.mjs';
import { PATH } from './routes/route.mjs';

// The clients: signs requests before they are measured, and sends them.

const CONTENT_TYPE = 'application/json';

let loop;
let requests;

serve({
  /** Signs so many requests, and opens the connections. */
  async prepare({ port, connections, ...given }) {
    requests = await requestsOf({ port, ...given });
    loop?.close();
    loop = await ClosedLoop.open(port, connections);
    settle();
  },
  /** Sends all requests, which may be those that were there. */
  async send(expected) {
    const before = process.cpuUsage();
    const { seconds, latencies } = await loop.run(requests, expected);
    const { user, system } = process.cpuUsage(before);
    return {
      count: requests.length,
      seconds,
      cpu: user + system,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
    };
  },
  /** What becomes of a request without proof, with another body, as it is to be, and once more. */
  async probe({ name, size, port, issued }) {
    loop?.close();
    loop = await ClosedLoop.open(port, 1);
    const [headers] = await headersOf({ name, size, port, issued, count: 1 });
    const body = JSON.stringify(PAYLOADS[size]);
    const answers = {};
    for (const [title, request] of Object.entries({
      without: requestOf(port, body, {}),
      changed: requestOf(port, body.replace('"amount":100', '"amount":900'), headers),
      sent: requestOf(port, body, headers),
      again: requestOf(port, body, headers),
    })) {
      answers[title] = await loop.ask(request);
    }
    return answers;
  },
});

function headersOf({ name, size, ...given }) {
  const payload = PAYLOADS[size];
  return PROTECTIONS[name].proveAll({ payload, body: JSON.stringify(payload), contentType: CONTENT_TYPE, ...given });
}

async function requestsOf({ size, port, ...given }) {
  const body = JSON.stringify(PAYLOADS[size]);
  const headers = await headersOf({ size, port, ...given });
  return headers.map((each) => requestOf(port, body, each));
}

/** A whole request, as it goes over the wire. */
function requestOf(port, body, headers) {
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    'content-type': CONTENT_TYPE,
    'content-length': Buffer.byteLength(body),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${PATH} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}
