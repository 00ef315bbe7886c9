const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { isBuiltin } = require('node:module');
const { dirname, join } = require('node:path');
const { describe, it } = require('node:test');
const manifest = require('nestjs-ash/package.json');
const ts = require('typescript');

const root = join(__dirname, '../..');
const entries = Object.entries(manifest.exports).filter(([subpath]) => subpath !== './package.json');

/** The packages that an entry names: in its types, and where it runs. All others name none. */
const NAMED = {
  '.': {
    types: ['@nestjs/common', '@nestjs/core', 'rxjs'],
    code: ['@nestjs/common', '@nestjs/core', 'rxjs'],
  },
  './axios': { types: ['axios'], code: ['axios'] },
  './fastify': { types: ['fastify'], code: [] },
  './redis': { types: ['ioredis'], code: ['ioredis'] },
  './snapshot': { types: ['@nestjs/common'], code: ['@nestjs/common', '@nestjs/core'] },
  './typeorm': { types: ['typeorm'], code: ['typeorm'] },
};

/** Peers that no entry names: Express is known by its shape, and the metadata is what Nest and TypeORM keep theirs in. */
const UNNAMED = ['express', 'reflect-metadata'];

/** What a file imports in any way: at its head, where it runs, or in a type; and the modules that it adds to. */
function specifiersOf(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
  const found = source.typeReferenceDirectives.map(({ fileName }) => fileName);
  const visit = (node) => {
    const { parent } = node;
    if (ts.isStringLiteral(node)) {
      const isImported =
        (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)
          ? parent.moduleSpecifier === node
          : ts.isExternalModuleReference(parent) || ts.isModuleDeclaration(parent)) ||
        (ts.isImportTypeNode(parent.parent) && parent.parent.argument === parent) ||
        (ts.isCallExpression(parent) && ['import', 'require'].includes(parent.expression.getText()));
      if (isImported) found.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The file that stands behind what another one imports; `undefined` for a package. */
function fileOf(specifier, { from, kind, format }) {
  const target = specifier.startsWith('#') ? join(root, manifest.imports[specifier].node[format]) : undefined;
  const file = specifier.startsWith('.') ? join(dirname(from), specifier) : target;
  return kind === 'types' ? file?.replace(/\.(m?)js$/, '.d.$1ts') : file;
}

/** Every package that a file names, also through the files that it imports. */
function packagesOf(entry, { kind, format }) {
  const packages = new Set();
  const files = new Set([entry]);
  for (const from of files) {
    for (const specifier of specifiersOf(from)) {
      const file = fileOf(specifier, { from, kind, format });
      if (file !== undefined) files.add(file);
      else if (!isBuiltin(specifier)) packages.add(packageOf(specifier));
    }
  }
  return [...packages].sort();
}

function packageOf(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

describe('the peers', () => {
  it('are all optional: whoever uses one entry needs none of the others’', () => {
    assert.deepEqual(Object.keys(manifest.peerDependenciesMeta).sort(), Object.keys(manifest.peerDependencies).sort());
    for (const [name, { optional }] of Object.entries(manifest.peerDependenciesMeta)) assert.equal(optional, true, name);
  });

  it('are those that an entry names, and what stands behind one', () => {
    const named = Object.values(NAMED).flatMap(({ types, code }) => [...types, ...code]);
    const peers = [...new Set([...named, ...UNNAMED])].filter((name) => !(name in (manifest.dependencies ?? {})));
    assert.deepEqual(Object.keys(manifest.peerDependencies).sort(), peers.sort());
    for (const subpath of Object.keys(NAMED)) assert.ok(subpath in manifest.exports, subpath);
  });

  for (const [subpath, conditions] of entries) {
    const { types, code } = NAMED[subpath] ?? { types: [], code: [] };
    for (const format of ['require', 'import']) {
      const target = conditions[format];

      it(`in the types of ${subpath} (${format}) are ${types.join(', ') || 'none'}`, () => {
        assert.deepEqual(packagesOf(join(root, target.types), { kind: 'types', format }), types);
      });

      it(`in the code of ${subpath} (${format}) are ${code.join(', ') || 'none'}`, () => {
        assert.deepEqual(packagesOf(join(root, target.default), { kind: 'code', format }), code);
      });
    }
  }
});
