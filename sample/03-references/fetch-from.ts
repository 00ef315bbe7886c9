/** A `fetch` that finds `/path` on a server, as that of a page does which came from there. */
export function fetchFrom(url: string) {
  return (path: string, init?: RequestInit): Promise<Response> => fetch(new URL(path, url), init);
}
