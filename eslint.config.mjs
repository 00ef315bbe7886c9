import js from '@eslint/js';
import jest from 'eslint-plugin-jest';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['dist', 'dist-sample', 'coverage']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-exports': 'error',
      // Leaves a file with decorators alone: Nest injects by the classes that a constructor there names.
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // A Nest module is a class whose decorator says everything.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // A number in a message reads as it is meant.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Nest types its options by classes and is given plain objects.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      eqeqeq: 'error',
    },
  },
  {
    // A sample reads as an application does, whose handlers leave the type of their answer to be inferred.
    files: ['sample/**/*.ts'],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  { files: ['**/*.mjs'], languageOptions: { globals: globals.nodeBuiltin } },
  { files: ['**/*.cjs'], languageOptions: { globals: globals.node } },
  // What `page.evaluate` takes runs in the page.
  { files: ['test/browser/*.mjs'], languageOptions: { globals: globals.browser } },
  { files: ['sample/02-shop/page/*.js'], languageOptions: { globals: globals.browser } },
  {
    files: ['**/*.spec.ts', '**/*.e2e-spec.ts', '**/*.service-spec.ts', 'test/**/*.suite.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect', 'fc.assert'] }],
      'jest/no-disabled-tests': 'error',
      'jest/no-standalone-expect': 'error',
      // What comes over HTTP has no type.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      // Nest types a server as any.
      '@typescript-eslint/no-unsafe-argument': 'off',
      // The name of a mocked method is no call.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  // A suite is what several specs run, each with a set-up of its own.
  { files: ['test/**/*.suite.ts'], rules: { 'jest/no-export': 'off' } },
);
