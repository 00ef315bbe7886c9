/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';
import nest12 from '../../jest.config';

const packages = '<rootDir>/test/nest-11/node_modules';

const config: Config = {
  ...nest12,
  globals: { NEST_MAJOR: 11 },
  testMatch: ['<rootDir>/test/**/*.e2e-spec.ts'],
  // What has no Nest at all is the same with any.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/(express|fastify|references)/'],
  moduleNameMapper: {
    ...nest12.moduleNameMapper,
    '^(@nestjs/.+)$': `${packages}/$1`,
    // What is shared with Nest has to be the copy that Nest itself finds.
    '^(rxjs|reflect-metadata)($|/.+)': `${packages}/$1$2`,
  },
};

export default config;
