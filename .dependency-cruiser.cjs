const specs = '[.-]spec\\.ts$';
const nestFiles = '^lib/(ash\\.[^/]+|index|decorators/.+|snapshot/index|snapshot/nest/.+)\\.ts$';

/** A room of lib/, and all that it may import. */
const room = (name, ...allowed) => ({
  name: `${name}-stands-on-${allowed.join('-and-') || 'itself'}`,
  severity: 'error',
  from: { path: `^lib/${name}/`, pathNot: specs },
  to: { path: '^lib/', pathNot: `^lib/(${[name, ...allowed].join('|')})/` },
});

/** A package that not every user has, and the files that alone may import it. */
const peer = (name, files) => ({
  name: `${name}-stays-in-its-room`,
  severity: 'error',
  from: { path: '^lib/', pathNot: [specs, files] },
  to: { path: `(^|/)node_modules/${name}/` },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    room('core'),
    room('client', 'core'),
    room('axios', 'core', 'client'),
    room('verification', 'core', 'stores'),
    room('stores', 'core', 'verification'),
    room('snapshot/platform', 'core'),
    room('snapshot/cipher', 'core', 'snapshot/platform'),
    room('snapshot/client', 'core', 'snapshot/cipher', 'snapshot/platform'),
    room('snapshot/server', 'core', 'stores', 'verification', 'snapshot/cipher', 'snapshot/platform'),
    room('redis', 'core', 'stores'),
    room('typeorm', 'core', 'stores'),
    room('server', 'core', 'stores', 'verification'),
    room('express', 'core', 'server', 'verification'),
    room('fastify', 'core', 'server', 'verification'),
    room('testing', 'core', 'stores', 'verification', 'client'),
    peer('axios', '^lib/axios/'),
    peer('fastify', '^lib/fastify/'),
    peer('ioredis', '^lib/redis/'),
    peer('typeorm', '^lib/typeorm/'),
    peer('@nestjs', nestFiles),
    peer('rxjs', nestFiles),
    peer('reflect-metadata', nestFiles),
    {
      name: 'core-and-client-need-no-package',
      comment: 'They run in browsers and workers. The digest of Node is the one door to a package of the platform.',
      severity: 'error',
      from: { path: '^lib/(core|client)/', pathNot: [specs, '^lib/core/digest\\.node\\.ts$'] },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg'] },
    },
    {
      name: 'digest-node-needs-node-crypto-only',
      severity: 'error',
      from: { path: '^lib/core/digest\\.node\\.ts$' },
      to: { pathNot: ['^lib/core/', '^(node:)?crypto$'] },
    },
    {
      name: 'axios-is-all-that-its-room-needs',
      comment: 'It runs in browsers and workers too.',
      severity: 'error',
      from: { path: '^lib/axios/', pathNot: specs },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-peer', 'npm-optional'],
        pathNot: '(^|/)node_modules/axios/',
      },
    },
    {
      name: 'express-is-known-by-its-shape',
      comment: 'Its types are a package of their own, which nobody has to have.',
      severity: 'error',
      from: { path: '^lib/', pathNot: specs },
      to: { path: '(^|/)node_modules/(@types/)?express' },
    },
    {
      name: 'nothing-imports-a-sample-or-a-test',
      severity: 'error',
      from: { pathNot: ['^(bench|sample|test)/', specs] },
      to: { path: ['^(sample|test)/', specs] },
    },
    {
      name: 'a-sample-imports-neither-another-nor-a-test',
      severity: 'error',
      from: { path: '^sample/([^/]+)/' },
      to: { path: '^(sample|test)/', pathNot: '^sample/$1/' },
    },
    {
      name: 'a-sample-knows-the-package-only',
      severity: 'error',
      from: { path: '^sample/' },
      to: { path: '^lib/', dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'lib-needs-no-dev-dependency',
      severity: 'error',
      from: { path: '^lib/', pathNot: specs },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'unknown'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional'],
      },
    },
    {
      name: 'every-import-resolves',
      comment: 'The shop serves /ash.mjs to its page.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^/ash\\.mjs$' },
    },
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphan',
      severity: 'error',
      from: { orphan: true, path: '^lib/', pathNot: specs },
      to: {},
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    // An import of a type is an import: a wall that types may cross is none.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^test/(nest-11|ioredis-6|typeorm-0\\.3)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
