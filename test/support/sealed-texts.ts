/** What a cipher has to give back as it was: texts of several scripts, and bytes of all values. */
export const SEALED_TEXTS: readonly (readonly [title: string, plaintext: Uint8Array])[] = [
  ['nothing', new Uint8Array()],
  ['one byte', Uint8Array.of(0)],
  ['all byte values', Uint8Array.from({ length: 256 }, (_byte, index) => index)],
  ['ASCII', utf8('Your secret message')],
  ['Greek and Cyrillic', utf8('Ἡ σφραγίς, печать')],
  ['Arabic and Hebrew', utf8('رسالة سرية, הודעה סודית')],
  ['Devanagari and Thai', utf8('गुप्त संदेश, ข้อความลับ')],
  ['Chinese, Japanese and Korean', utf8('秘密消息、ひみつのメッセージ、비밀 메시지')],
  ['emoji of several code points', utf8('👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿')],
  ['a length that ends within a block', new Uint8Array(1_003).fill(0xa5)],
  ['a view of a larger buffer', Uint8Array.from({ length: 300 }, (_byte, index) => index * 7).subarray(13, 213)],
  ["Node's own bytes", Buffer.from('bytes of a pool that others use too')],
];

/** 16 MB, and some bytes so that it ends within a block. It repeats at a prime only, so that no part is like another. */
export function sixteenMegabytes(): Uint8Array {
  const pattern = Uint8Array.from({ length: 65_521 }, (_byte, index) => (index * index) >> 3);
  return Buffer.alloc(16_777_219, pattern);
}

/** A message with some of the bits of one of its bytes turned. */
export function tampered(message: Uint8Array, index: number, bits = 1): Uint8Array {
  const changed = Uint8Array.from(message);
  changed[index] = (changed[index] ?? 0) ^ bits;
  return changed;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
