import { snapshotQuery } from './snapshot-query.js';

describe('The query of a snapshot', () => {
  type Row = [title: string, query: object, asks: unknown];
  const rows: Row[] = [
    ['nothing', {}, 'current'],
    ['what is not ours', { _: '1740904491' }, 'current'],
    ['a tick', { tick: '7' }, { tick: 7 }],
    ['the first tick', { tick: '0' }, { tick: 0 }],
    ['the last tick', { tick: '2147483647' }, { tick: 2_147_483_647 }],
    ['a second', { at: '1740904491' }, { at: 1_740_904_491 }],
    ['the last second that a clock counts', { at: '9007199254739' }, { at: 9_007_199_254_739 }],
    ['more than the last tick', { tick: '2147483648' }, 'malformed'],
    ['more than the last second', { at: '9007199254740' }, 'malformed'],
    ['a tick and a second', { tick: '7', at: '7' }, 'malformed'],
    ['two ticks', { tick: ['7', '8'] }, 'malformed'],
    ['an object', { tick: { a: '7' } }, 'malformed'],
    ['an empty tick', { tick: '' }, 'malformed'],
    ['a sign', { tick: '-1' }, 'malformed'],
    ['a plus', { at: '+1' }, 'malformed'],
    ['a fraction', { at: '1.5' }, 'malformed'],
    ['an exponent', { at: '1e3' }, 'malformed'],
    ['hexadecimal digits', { tick: '0x7' }, 'malformed'],
    ['needless zeros', { tick: '007' }, 'malformed'],
    ['a space', { tick: ' 7' }, 'malformed'],
    ['a line', { tick: '7\n' }, 'malformed'],
    ['digits of another script', { tick: '٧' }, 'malformed'],
    ['no number', { tick: 'NaN' }, 'malformed'],
    ['digits without an end', { tick: '9'.repeat(10_000) }, 'malformed'],
  ];
  it.each(rows)('is read: %s', (_title, query, asks) => {
    expect(snapshotQuery(query)).toStrictEqual(asks);
  });
});
