import { createRequire } from 'node:module';

declare const NEST_MAJOR: number;

const require = createRequire(import.meta.url);

// The same specs run under each supported major: a slip in the module mapping would test one of them twice.
describe(`the run for Nest ${NEST_MAJOR}`, () => {
  it.each(['common', 'core', 'platform-express', 'platform-fastify'])('loads its @nestjs/%s', (name) => {
    const { version } = require(`@nestjs/${name}/package.json`) as { version: string };

    expect(Number.parseInt(version, 10)).toBe(NEST_MAJOR);
  });
});
