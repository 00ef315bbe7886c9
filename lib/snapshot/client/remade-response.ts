/** An answer with another body, and without some of its headers. */
export function remade(
  { status, statusText, headers: given, url, redirected }: Response,
  body: ConstructorParameters<typeof Response>[0],
  without: readonly string[],
): Response {
  const headers = new Headers(given);
  for (const name of without) headers.delete(name);
  const response = new Response(body, { status, statusText, headers });
  // A response that is made has none of its own.
  Object.defineProperty(response, 'url', { value: url, configurable: true });
  return Object.defineProperty(response, 'redirected', { value: redirected, configurable: true });
}
