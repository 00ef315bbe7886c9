/** What a test works on. */
interface Closable {
  readonly close?: () => void | Promise<void>;
}

/** A test on a fixture. */
export type FixtureTest<F> = (title: string, body: (fixture: F) => Promise<void>) => void;

type Suite = (title: string, body: () => void) => void;
type Test = (title: string, body: () => Promise<void>) => void;

/** The runner's `describe`, and its `it` with a new fixture for each test, which is closed after it. */
export function suiteOf<F extends Closable>(open: () => F | Promise<F>): { describe: Suite; test: FixtureTest<F> } {
  const { describe, it } = globalThis as unknown as { describe: Suite; it: Test };
  const test: FixtureTest<F> = (title, body) => {
    it(title, async () => {
      const fixture = await open();
      try {
        await body(fixture);
      } finally {
        await fixture.close?.();
      }
    });
  };
  return { describe, test };
}
