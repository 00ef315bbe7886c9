import { Handshakes, type HandshakeOptions } from './handshakes.js';

const HOUR = 3_600_000;

/** Handshakes with a clock that a test moves. */
function set(options: Partial<HandshakeOptions> = {}): {
  handshakes: Handshakes;
  pass: (milliseconds: number) => void;
} {
  let now = 1_740_904_491_000;
  const handshakes = new Handshakes({ hashSize: 16, ttl: HOUR, limit: 10_000, clock: () => now, ...options });
  return { handshakes, pass: (milliseconds) => (now += milliseconds) };
}

function hashOf(index: number, bytes = 16): string {
  return index.toString(16).padStart(2 * bytes, '0');
}

describe('The handshakes of a server', () => {
  type Row = [title: string, hash: unknown, hashSize: number, isTaken: boolean];
  const rows: Row[] = [
    ['32 digits', '0123456789abcdef0123456789abcdef', 16, true],
    ['capital digits', '0123456789ABCDEF0123456789ABCDEF', 16, true],
    ['mixed digits', '0123456789abcdef0123456789ABCDEF', 16, true],
    ['two digits where a hash has one byte', 'ff', 1, true],
    ['64 digits where a hash has 32 bytes', 'ab'.repeat(32), 32, true],
    ['a digit too few', '0'.repeat(31), 16, false],
    ['a digit too many', '0'.repeat(33), 16, false],
    ['a hash of another size', 'ab'.repeat(32), 16, false],
    ['nothing', '', 16, false],
    ['a letter that is no digit', `${'0'.repeat(31)}g`, 16, false],
    ['a prefix', `0x${'0'.repeat(30)}`, 16, false],
    ['a space', `${'0'.repeat(31)} `, 16, false],
    ['a line behind the digits', `${'0'.repeat(32)}\n`, 16, false],
    ['a line among the digits', `${'0'.repeat(32)}\n${'0'.repeat(32)}`, 16, false],
    ['a zero byte', `${'0'.repeat(31)}\0`, 16, false],
    ['digits of another script', '٠'.repeat(32), 16, false],
    ['full-width digits', '０'.repeat(32), 16, false],
    ['a megabyte', '0'.repeat(1_000_000), 16, false],
    ['a number', 12_345_678, 16, false],
    ['a list of a hash', ['0'.repeat(32)], 16, false],
    ['an object that becomes a hash', { toString: () => '0'.repeat(32) }, 16, false],
    ['bytes', new Uint8Array(16), 16, false],
    ['null', null, 16, false],
    ['what is not there', undefined, 16, false],
  ];
  it.each(rows)('are hexadecimal digits of one length: %s', (_title, hash, hashSize, isTaken) => {
    const { handshakes } = set({ hashSize });
    expect(handshakes.accept(hash)).toBe(isTaken);
    expect(handshakes.size).toBe(isTaken ? 1 : 0);
  });

  it('count once, in whichever case', () => {
    const { handshakes } = set();
    handshakes.accept('ab'.repeat(16));
    handshakes.accept('AB'.repeat(16));
    expect(handshakes.size).toBe(1);
  });

  it('are forgotten when their time is over, which begins anew with each', () => {
    const { handshakes, pass } = set();
    handshakes.accept(hashOf(1));
    handshakes.accept(hashOf(2));
    pass(HOUR - 1);
    handshakes.accept(hashOf(1));
    expect(handshakes.size).toBe(2);
    pass(1);
    expect(handshakes.size).toBe(1);
    pass(HOUR - 1);
    expect(handshakes.size).toBe(0);
  });

  it('are a bounded number, of which the oldest is forgotten', () => {
    const { handshakes, pass } = set({ limit: 3 });
    for (const index of [1, 2, 3]) {
      handshakes.accept(hashOf(index));
      pass(1_000);
    }
    // The first one is the newest again, so the second is the oldest.
    handshakes.accept(hashOf(1));
    handshakes.accept(hashOf(4));
    expect(handshakes.size).toBe(3);
    pass(HOUR - 2_000);
    expect(handshakes.size).toBe(3);
    pass(1_000);
    expect(handshakes.size).toBe(2);
  });

  it('stay bounded where the clock goes back', () => {
    const { handshakes, pass } = set({ limit: 3 });
    for (let index = 0; index < 100; index++) {
      handshakes.accept(hashOf(index));
      pass(-HOUR);
    }
    expect(handshakes.size).toBe(3);
  });
});
