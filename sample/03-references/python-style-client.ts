import { AshClient } from 'nestjs-ash/client';
import type { AshIssuedContext } from 'nestjs-ash/core';
import { fetchFrom } from './fetch-from.js';
import { lineOf, type Print } from './print.js';

/** What the server of the Python package answers of a context. */
type PythonContext = Required<Pick<AshIssuedContext, 'contextId' | 'expiresAt' | 'mode' | 'clientSecret'>>;

/** The client of the Python package, and what becomes of it without the secret that the Python package does not have. */
export async function run(url: string, print: Print) {
  const fetch = fetchFrom(url);
  const post = (headers: Readonly<Record<string, string>>, json: object) =>
    fetch('/api/update', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(json),
    });

  const client = new AshClient();

  // Get context from server
  const ctxResponse = (await (await fetch('/ash/context', { method: 'POST' })).json()) as PythonContext;

  // Build proof headers
  const headers = client.buildHeaders({
    contextId: ctxResponse.contextId,
    mode: ctxResponse.mode,
    binding: 'POST /api/update',
    payload: { name: 'John' },
    clientSecret: ctxResponse.clientSecret,
  });

  const withoutSecret = client.buildHeaders({
    contextId: ctxResponse.contextId,
    mode: ctxResponse.mode,
    binding: 'POST /api/update',
    payload: { name: 'John' },
  });

  print(
    `context ${ctxResponse.contextId} (${ctxResponse.mode}) until ${new Date(ctxResponse.expiresAt).toISOString()}`,
  );
  for (const [name, value] of Object.entries(headers)) print(`${name}: ${value}`);
  print(`without the secret ${await lineOf(await post(withoutSecret, { name: 'John' }))}`);
  print(`changed ${await lineOf(await post(headers, { name: 'Jane' }))}`);

  // Make protected request
  const response = await post(headers, { name: 'John' });

  print(`sent ${await lineOf(response)}`);
  print(`again ${await lineOf(await post(headers, { name: 'John' }))}`);
}
