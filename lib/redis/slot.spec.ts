import { slotOf } from './slot.js';

describe('slotOf', () => {
  // Source: Redis Cluster specification, and CLUSTER KEYSLOT of a server.
  it.each([
    ['123456789', 0x31c3],
    ['foo', 12_182],
    ['{user1000}.following', 3443],
    ['{user1000}.followers', 3443],
    ['foo{}{bar}', 8363],
    ['foo{{bar}}zap', 4015],
    ['foo{bar}{zap}', 5061],
    ['ключ', 10_303],
    ['', 0],
  ])('is for %s the one that Redis takes', (key, slot) => {
    expect(slotOf(key)).toBe(slot);
  });
});
