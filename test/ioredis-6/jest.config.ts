/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';
import ioredis5 from '../../jest.config';

const config: Config = {
  ...ioredis5,
  testMatch: ['<rootDir>/test/stores/redis{,-faults,-round-trips,-seeds,-set-up}.service-spec.ts'],
  moduleNameMapper: {
    ...ioredis5.moduleNameMapper,
    '^ioredis$': '<rootDir>/test/ioredis-6/node_modules/ioredis',
  },
};

export default config;
