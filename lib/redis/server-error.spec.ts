import { inspect } from 'node:util';
import { withoutParameters } from './server-error.js';

describe('withoutParameters', () => {
  const rows: [title: string, error: unknown, message: string][] = [
    [
      'the command that ioredis attaches',
      Object.assign(new Error('OOM command not allowed'), { command: { name: 'eval', args: ['secret'] } }),
      'OOM command not allowed',
    ],
    [
      'the parameters that Redis repeats',
      new Error("ERR unknown command 'EVALSHA', with args beginning with: 'secret' \n 'secret'"),
      "ERR unknown command 'EVALSHA'",
    ],
    ['the cause beneath', new Error('Connection is closed.', { cause: new Error('secret') }), 'Connection is closed.'],
    ['what is no error', 'plain', 'plain'],
    ['an empty sentence', Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [
      'the errors of several addresses',
      new AggregateError([new Error('connect ECONNREFUSED ::1:6379')], ''),
      'connect ECONNREFUSED ::1:6379',
    ],
  ];

  it.each(rows)('leaves out %s, and keeps the sentence', (_title, error, message) => {
    const bare = withoutParameters(error);
    expect(bare.message).toBe(message);
    expect(inspect(bare, { showHidden: true, depth: 9 })).not.toContain('secret');
  });

  it('keeps the name and the code by which an error is told apart', () => {
    const error = Object.assign(new Error('connect'), { name: 'ConnectError', code: 'ECONNREFUSED' });
    expect(withoutParameters(error)).toMatchObject({ name: 'ConnectError', code: 'ECONNREFUSED' });
  });
});
