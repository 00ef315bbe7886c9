import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ashSignSnapshot, CryptoClient, isCryptoError, type CryptoConfig } from 'nestjs-ash/snapshot/client';

const secretKey = new Uint8Array(32).fill(7);

/** A server of one snapshot, without Nest. */
const server = createServer((request, response) => {
  const fields = { tick: 7, seed: 99, timestamp: Math.floor(Date.now() / 1000) };
  const snapshot = { ...fields, signature: ashSignSnapshot(secretKey, fields) };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(request.method === 'POST' ? { status: 'ok' } : snapshot));
});

async function talk(config: CryptoConfig): Promise<unknown[]> {
  const told: unknown[] = [];
  let closed: CryptoClient;
  {
    await using client = new CryptoClient(config);
    const message: Uint8Array = await client.encryptMessage('Your secret message');
    told.push(new TextDecoder().decode(await client.decryptMessage(message)));
    closed = client;
  }
  try {
    await closed.authenticate();
  } catch (error) {
    told.push(isCryptoError(error) ? error.code : error);
  }
  return told;
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const config = { serverUrl: `http://127.0.0.1:${port}`, secretKey };
  void Promise.all([talk(config), talk({ ...config, cipher: 'array-crypto' })])
    .then((told) => {
      console.log(JSON.stringify(told));
    })
    .finally(() => {
      server.close();
      server.closeAllConnections();
    });
});
