import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Uses a server that is being started, and stops it whatever comes of that. */
export async function withServer(starting, use) {
  const server = await starting;
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

/** A folder for a database that is no server, which its `stop` takes away. */
export function temporaryFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `nestjs-ash-${name}-`));
  return { folder, stop: () => rmSync(folder, { recursive: true, force: true }) };
}
