import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import type { AshIssuedContext } from '../core/index.js';
import type { AnswerHead } from './context-header.js';
import { Renewal } from './renewal.js';

const CONTEXT: AshIssuedContext = {
  contextId: 'ash_0123456789abcdef0123456789abcdef',
  binding: 'POST /überweisung',
  mode: 'balanced',
  protocol: 'v2.3',
  issuedAt: 1_700_000_000_000,
  expiresAt: 1_700_000_030_000,
  clientSecret: 'a'.repeat(64),
};

/** An answer, with the headers that it began with. */
class Answer implements AnswerHead {
  readonly headers = new Map<string, unknown>();
  headersSent = false;

  setHeader = (name: string, value?: unknown): unknown => this.headers.set(name.toLowerCase(), value);
  appendHeader = this.setHeader;
  removeHeader = (name: string): unknown => this.headers.delete(name.toLowerCase());
  getHeader = (name: string): unknown => this.headers.get(name.toLowerCase());
  getHeaderNames = (): string[] => [...this.headers.keys()];
  writeHead = (_status: number, ..._rest: unknown[]): unknown => (this.headersSent = true);

  /** The value of the header, once the head is written. */
  get context(): unknown {
    this.writeHead(200);
    return this.headers.get('x-ash-context');
  }
}

function renewalIn(answer: Answer): Renewal {
  const renewal = new Renewal(true, 30_000);
  renewal.answerIn(answer);
  return renewal;
}

const next = (context = CONTEXT) => jest.fn(() => Promise.resolve(context));
/** A context whose header has as many characters. */
const ofLength = (length: number): AshIssuedContext => {
  const padding = Math.floor((length * 3) / 4) - Buffer.byteLength(JSON.stringify({ ...CONTEXT, nonce: '' }));
  return { ...CONTEXT, nonce: 'n'.repeat(padding) };
};

describe('Renewal', () => {
  it('answers the context as base64url of its JSON in UTF-8', async () => {
    const answer = new Answer();
    await renewalIn(answer).issue(next());
    const value = String(answer.context);
    expect(value).toMatch(/^[\w-]+$/);
    expect(JSON.parse(Buffer.from(value, 'base64url').toString('utf8'))).toStrictEqual(CONTEXT);
  });

  it('issues it once, however often it is told to', async () => {
    const renewal = renewalIn(new Answer());
    const issue = next();
    await renewal.issue(issue);
    await renewal.issue(issue);
    expect(issue).toHaveBeenCalledTimes(1);
  });

  it('does not try again what failed', async () => {
    const answer = new Answer();
    const renewal = renewalIn(answer);
    await expect(renewal.issue(() => Promise.reject(new Error('down')))).rejects.toThrow('down');
    await renewal.issue(next());
    expect(answer.context).toBeUndefined();
  });

  it('issues none for an answer that has begun', async () => {
    const answer = new Answer();
    const renewal = renewalIn(answer);
    answer.writeHead(200);
    const issue = next();
    await renewal.issue(issue);
    expect(issue).not.toHaveBeenCalled();
  });

  it('issues none without an answer to carry it', async () => {
    const issue = next();
    await new Renewal(true, 30_000).issue(issue);
    expect(issue).not.toHaveBeenCalled();
  });

  it('is for one answer, the first that it is told of', async () => {
    const [first, second] = [new Answer(), new Answer()];
    const renewal = renewalIn(first);
    renewal.answerIn(second);
    await renewal.issue(next());
    expect([typeof first.context, typeof second.context]).toStrictEqual(['string', 'undefined']);
  });

  it.each([
    [2_048, 2_048],
    [2_052, undefined],
  ])('would answer a header of %d characters as %p', async (length, answered) => {
    const answer = new Answer();
    await renewalIn(answer).issue(next(ofLength(length)));
    expect((answer.context as string | undefined)?.length).toBe(answered);
  });

  it('shows neither the secret nor the header to whoever inspects it', async () => {
    const answer = new Answer();
    const renewal = renewalIn(answer);
    await renewal.issue(next());
    const shown = [inspect(renewal, { showHidden: true, depth: null }), JSON.stringify(renewal)].join('\n');
    expect(shown).toContain('isRoutine');
    expect(shown).not.toContain(CONTEXT.clientSecret);
    expect(shown).not.toContain(String(answer.context));
  });
});
