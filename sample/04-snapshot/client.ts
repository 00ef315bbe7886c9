import { AshClient } from 'nestjs-ash/client';
import { ashEncryptedFetch, CryptoClient, isCryptoError, type CryptoConfig } from 'nestjs-ash/snapshot/client';

/** Encrypts and decrypts with the snapshots of a server, as the reference shows it. */
export async function runClient(config: CryptoConfig & { readonly serverUrl: string }): Promise<void> {
  await using client = new CryptoClient(config);
  await client.authenticate();

  const encrypted = await client.encryptMessage('Your secret message');
  const decrypted = await client.decryptMessage(encrypted);
  print('text', `${encrypted.length} bytes, opened: ${new TextDecoder().decode(decrypted)}`);

  const binary = Uint8Array.from({ length: 256 }, (_, index) => index);
  const opened = await client.decryptMessage(await client.encryptMessage(binary));
  print('bytes', `${opened.length} bytes, the same: ${opened.every((byte, index) => byte === binary[index])}`);

  const changed = encrypted.map((byte, index) => (index === 40 ? byte ^ 1 : byte));
  print('changed', await refusalOf(() => client.decryptMessage(changed)));

  const ash = new AshClient({ baseUrl: config.serverUrl, fetch: ashEncryptedFetch(client) });
  const answer = await ash.post('/transfer', { amount: 100, to: 'acct-7' });
  print('protected', JSON.stringify(await answer.json()));
}

function print(what: string, line: string): void {
  console.log(`${what.padEnd(10)}${line}`);
}

/** The code of the error that a call ends with. */
async function refusalOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (isCryptoError(error)) return error.code;
    throw error;
  }
  throw new Error('It was taken.');
}
