import { inspect } from 'node:util';
import { hideFromInspection } from './inspection.js';

describe('an object with hidden members', () => {
  const context = hideFromInspection({ id: 'ash_1', secret: 's3cr3t', nonce: 'n0nce' }, ['secret', 'nonce']);

  it('shows none of them, by itself and inside of others', () => {
    for (const shown of [
      inspect(context),
      inspect({ context }),
      inspect([[context]], { depth: 9, showHidden: true }),
    ]) {
      expect(shown).toContain('ash_1');
      expect(shown).toContain("secret: '[hidden]'");
      expect(shown).not.toMatch(/s3cr3t|n0nce/);
    }
  });

  it('has them to read, to list and to send', () => {
    expect(context.secret).toBe('s3cr3t');
    expect(Object.keys(context)).toEqual(['id', 'secret', 'nonce']);
    expect(JSON.parse(JSON.stringify(context))).toEqual({ id: 'ash_1', secret: 's3cr3t', nonce: 'n0nce' });
  });

  it('is the object that was given', () => {
    const object = { secret: 1 };
    expect(hideFromInspection(object, ['secret'])).toBe(object);
  });

  it('shows what became of it later', () => {
    const object = hideFromInspection<{ id: number; secret?: number }>({ id: 1 }, ['secret']);
    object.id = 2;
    object.secret = 3;
    expect(inspect(object)).toBe("{ id: 2, secret: '[hidden]' }");
  });
});
