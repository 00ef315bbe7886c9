/** The shop's front page: what there is, and how to try it. */
export const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>nestjs-ash: the shop</title>
    <style>
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #1d2330; }
      table { border-collapse: collapse; width: 100%; }
      th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #dde1e8; }
      code, pre { font: 14px/1.5 ui-monospace, monospace; background: #f3f5f8; border-radius: 4px; }
      code { padding: .1rem .3rem; }
      pre { padding: 1rem; overflow-x: auto; }
    </style>
  </head>
  <body>
    <h1>The shop</h1>
    <p>Every route below takes a request once, as its client meant it, or refuses it with a code.
      <a href="/ledger"><code>/ledger</code></a> counts how often each handler really ran.</p>
    <table>
      <tr><th>Route</th><th>What it shows</th></tr>
      <tr><td><code>POST /transfer</code></td><td>a JSON payload</td></tr>
      <tr><td><code>POST /transfer/quick</code></td><td>a scope; the rest is stripped; two seconds</td></tr>
      <tr><td><code>POST /transfer/form</code></td><td>a form</td></tr>
      <tr><td><code>POST /upload</code></td><td>raw bytes</td></tr>
      <tr><td><code>POST /legacy/transfer</code></td><td>the v1 protocol, which has no secret</td></tr>
      <tr><td><code>GET /report?from=…&amp;to=…</code></td><td>a query that is covered</td></tr>
      <tr><td><code>PUT /accounts/:id/limit</code></td><td>a path parameter</td></tr>
      <tr><td><code>POST /cart</code>, <code>/checkout</code>, <code>/payment</code></td><td>a chain of steps</td></tr>
    </table>
    <p>From a second terminal:</p>
    <pre>import { AshClient } from 'nestjs-ash/client';

const ash = new AshClient({ baseUrl: 'http://127.0.0.1:3000' });
const answer = await ash.post('/transfer', { amount: 100, to: 'acct-7' });
console.log(await answer.json());</pre>
  </body>
</html>
`;
