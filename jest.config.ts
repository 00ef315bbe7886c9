/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const config: Config = {
  rootDir: __dirname,
  testEnvironment: 'node',
  maxWorkers: '100%',
  // Only what hangs ends by it: on a busy machine nothing else may.
  testTimeout: 60_000,
  globals: { NEST_MAJOR: 12 },
  testMatch: [
    '<rootDir>/lib/**/*.spec.ts',
    '<rootDir>/test/**/*.e2e-spec.ts',
    '<rootDir>/test/stores/**/*.service-spec.ts',
  ],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/dist-sample'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  moduleNameMapper: {
    '^#digest$': '<rootDir>/lib/core/digest.node.ts',
    '^#json-shortcuts$': '<rootDir>/lib/core/json-shortcuts.node.ts',
    '^#platform$': '<rootDir>/lib/snapshot/platform/platform.node.ts',
    '^nestjs-ash$': '<rootDir>/lib/index.ts',
    '^nestjs-ash/(.+)$': '<rootDir>/lib/$1/index.ts',
    '^(\\.{1,2}/.+)\\.js$': '$1',
  },
  coverageProvider: 'v8',
  coverageReporters: ['text', 'lcov'],
  // Types alone leave nothing to cover.
  collectCoverageFrom: [
    'lib/{core,verification}/**/*.ts',
    '!lib/core/digest.ts',
    '!lib/verification/{envelope,verdict}.ts',
    '!**/*.spec.ts',
  ],
  coverageThreshold: {
    global: {},
    './lib/core/': { branches: 95 },
    './lib/verification/': { branches: 95 },
  },
};

export default config;
