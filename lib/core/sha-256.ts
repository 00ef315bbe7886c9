const BLOCK_BYTES = 64;
const ROUNDS = 64;

const PRIMES = firstPrimes(ROUNDS);

// The first 32 bits of the fractional parts of roots of the first primes. None of these lies nearer to a whole number
// than a thousand times the last place of a double, so that every platform computes the same.
const INITIAL_HASH = PRIMES.slice(0, 8).map((prime) => Math.sqrt(prime) * 2 ** 32);
const CONSTANTS = Int32Array.from(PRIMES, (prime) => Math.cbrt(prime) * 2 ** 32);

/**
 * SHA-256 of bytes, for platforms that have none which answers at once. It is small, since browsers load it; Node never
 * does. Neither its branches nor its reads of memory depend on what the bytes are.
 *
 * Source: FIPS 180-4, sections 4 to 6.
 */
export function sha256(bytes: Uint8Array): Uint8Array {
  // A one bit, zeros, and the length in bits as a number of 64 bits end the last block.
  const { length } = bytes;
  const text = new DataView(new ArrayBuffer(Math.ceil((length + 9) / BLOCK_BYTES) * BLOCK_BYTES));
  new Uint8Array(text.buffer).set(bytes);
  text.setUint8(length, 0x80);
  text.setUint32(text.byteLength - 8, length / 2 ** 29);
  text.setUint32(text.byteLength - 4, length * 8);

  const hash = Int32Array.from(INITIAL_HASH);
  const schedule = new Int32Array(ROUNDS);
  for (let block = 0; block < text.byteLength; block += BLOCK_BYTES) {
    for (let t = 0; t < ROUNDS; t++) schedule[t] = t < 16 ? text.getInt32(block + 4 * t) : scheduled(schedule, t);
    absorb(hash, schedule);
  }
  hash.forEach((word, index) => {
    text.setInt32(4 * index, word);
  });
  return new Uint8Array(text.buffer, 0, 32);
}

/** A word of the schedule from those before it. The names are those of section 6.2.2. */
function scheduled(w: Int32Array, t: number): number {
  const early = w[t - 15] ?? 0;
  const late = w[t - 2] ?? 0;
  const sigma0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
  const sigma1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
  return sigma1 + (w[t - 7] ?? 0) + sigma0 + (w[t - 16] ?? 0);
}

/** Takes a block, of which this is the schedule, into a hash value. */
function absorb(hash: Int32Array, schedule: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let t = 0; t < ROUNDS; t++) {
    const sum1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const sum0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const t1 = h + sum1 + ((e & f) ^ (~e & g)) + (CONSTANTS[t] ?? 0) + (schedule[t] ?? 0);
    const t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) hash[index] = (hash[index] ?? 0) + word;
}

/** A word turned to the right. */
function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let number = 2; primes.length < count; number++) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes;
}
