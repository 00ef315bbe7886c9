/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';
import typeorm1 from '../../jest.config';

const config: Config = {
  ...typeorm1,
  testMatch: ['<rootDir>/test/stores/sql*.service-spec.ts', '<rootDir>/lib/typeorm/**/*.spec.ts'],
  moduleNameMapper: {
    ...typeorm1.moduleNameMapper,
    // The drivers are those of this package: TypeORM looks for them from its own folder upwards.
    '^typeorm$': '<rootDir>/test/typeorm-0.3/node_modules/typeorm',
  },
};

export default config;
