import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { ashSignSnapshot, CryptoClient } from 'nestjs-ash/snapshot/client';
import { median, ratio } from '../harness/figures.mjs';
import { interleave } from '../harness/rounds.mjs';
import { timedAsync } from '../harness/time.mjs';

export const title = 'Messages of snapshots';
export const about = `The time of each task as a multiple of what \`node:crypto\` takes for AES-256-GCM over the same bytes with a message of its own (a random IV,
the ciphertext and the tag): sealing beside sealing, opening beside opening. The cipher array-crypto has BLAKE2s in it, for which processors have
no instructions: what OpenSSL takes for that alone is the floor beneath every implementation of it.`;
export const packages = [];

const SIZES = { '100 B': 100, '4 KB': 4_096, '64 KB': 65_536, '1 MB': 1_048_576, '16 MB': 16_777_216 };
const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEALING = 'node:crypto, sealing';
const OPENING = 'node:crypto, opening';

const key = randomBytes(32);
const now = Date.now();

export async function measure() {
  const gcm = clientOf('aes-256-gcm');
  const array = clientOf('array-crypto');
  try {
    const tables = [];
    for (const [size, bytes] of Object.entries(SIZES)) tables.push(await tableOf(size, bytes, gcm, array));
    return { tables, goals: [] };
  } finally {
    await Promise.all([gcm.close(), array.close()]);
  }
}

function clientOf(cipher) {
  return new CryptoClient({ secretKey: key, cipher, fetch: answerHere, clock: () => now });
}

/** Stands for a server, so that no network is in the figures. */
async function answerHere(url) {
  if (url.endsWith('/handshake')) return Response.json({ status: 'ok' });
  const fields = { tick: 7, seed: 440_819_391, timestamp: Math.floor(now / 1_000) };
  return Response.json({ ...fields, signature: ashSignSnapshot(key, fields) });
}

async function tableOf(size, bytes, gcm, array) {
  const tasks = await tasksFor(randomBytes(bytes), gcm, array);
  const cases = Object.entries(tasks).map(([name, { run }]) => [name, timedAsync(run)]);
  const times = await interleave(Object.fromEntries(cases), { rounds: 15 });
  const rows = Object.entries(tasks).map(([name, { beside }]) => {
    const microseconds = median(times[name]) / 1_000;
    return [name, name === beside ? 1 : ratio(times[name], times[beside]), microseconds, bytes / microseconds];
  });
  return { caption: size, columns: ['', '× node:crypto', 'µs here', 'MB a second here'], rows };
}

/** The tasks, each beside what it is measured against. */
async function tasksFor(plaintext, gcm, array) {
  const [ofNode, ofGcm, ofArray] = [
    sealWithNode(plaintext),
    await gcm.encryptMessage(plaintext),
    await array.encryptMessage(plaintext),
  ];
  for (const opened of [openWithNode(ofNode), await gcm.decryptMessage(ofGcm), await array.decryptMessage(ofArray)]) {
    if (!plaintext.equals(opened)) throw new Error('Another text was opened.');
  }
  return {
    [SEALING]: { run: () => sealWithNode(plaintext), beside: SEALING },
    'node:crypto, no message built': { run: () => updateWithNode(plaintext), beside: SEALING },
    'aes-256-gcm, sealing': { run: () => gcm.encryptMessage(plaintext), beside: SEALING },
    'array-crypto, sealing': { run: () => array.encryptMessage(plaintext), beside: SEALING },
    'BLAKE2s of OpenSSL alone': { run: () => createHash('blake2s256').update(plaintext).digest(), beside: SEALING },
    [OPENING]: { run: () => openWithNode(ofNode), beside: OPENING },
    'aes-256-gcm, opening': { run: () => gcm.decryptMessage(ofGcm), beside: OPENING },
    'array-crypto, opening': { run: () => array.decryptMessage(ofArray), beside: OPENING },
  };
}

function sealWithNode(plaintext) {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv);
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function updateWithNode(plaintext) {
  const cipher = createCipheriv(ALGORITHM, key, randomBytes(IV_BYTES));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return [ciphertext, cipher.getAuthTag()];
}

function openWithNode(message) {
  const decipher = createDecipheriv(ALGORITHM, key, message.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(message.subarray(-TAG_BYTES));
  const plaintext = decipher.update(message.subarray(IV_BYTES, -TAG_BYTES));
  decipher.final();
  return plaintext;
}
