import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../../scripts/run.mjs';

/** What a page loads by its address. */
const BROWSER_BUILD = / from '[^']*\/((?:ash|proof)\.mjs)'/g;

/**
 * Checks examples, each as a module, in one program with the project's own options and the types that the built package
 * has for its users. Answers what is wrong by the title of the example.
 *
 * @param declarations The names that the examples take for granted.
 * @param modules Modules that they import and that are not there.
 */
export function typeCheck(examples, declarations, modules = '') {
  const names = new Map(examples.map((example, index) => [join(root, `example-${index}.ts`), example]));
  const given = join(root, 'given-to-examples.ts');
  const sources = new Map([...names].map(([path, { code }]) => [path, asModule(code)]));
  sources.set(given, declarations);
  sources.set(join(root, 'modules-of-examples.d.ts'), modules);

  const options = readOptions();
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.fileExists = (path) => sources.has(path) || fileExists(path);
  host.readFile = (path) => sources.get(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...others) => {
    const text = sources.get(path);
    return text === undefined
      ? getSourceFile(path, version, ...others)
      : ts.createSourceFile(path, text, version, true);
  };

  const program = ts.createProgram([...sources.keys()], options, host);
  const faultsIn = (path) => {
    const file = program.getSourceFile(path);
    const faults = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return faults.map((fault) => [fault, ts.flattenDiagnosticMessageText(fault.messageText, '\n')]);
  };
  const [[, wrongDeclaration] = []] = [...program.getGlobalDiagnostics(), ...faultsIn(given)];
  if (wrongDeclaration !== undefined) throw new Error(`What is given to the examples: ${wrongDeclaration}`);
  return new Map(
    [...names].map(([path, { file, line, title }]) => [
      title,
      faultsIn(path).map(([fault, text]) => {
        const { line: within } = ts.getLineAndCharacterOfPosition(program.getSourceFile(path), fault.start ?? 0);
        return `${file}:${line + 1 + within} ${text}`;
      }),
    ]),
  );
}

function asModule(code) {
  return `${code.replace(BROWSER_BUILD, (_, build) => ` from '${join(root, 'dist/browser', build)}'`)}\nexport {};\n`;
}

function readOptions() {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { compilerOptions } = config;
  const { options, errors } = ts.convertCompilerOptionsFromJson(
    {
      ...compilerOptions,
      // Users write for browsers too, and find the package by its name.
      lib: [...compilerOptions.lib, 'DOM', 'DOM.Iterable'],
      types: ['node'],
      paths: {},
    },
    root,
  );
  if (errors.length > 0) throw new Error(ts.flattenDiagnosticMessageText(errors[0].messageText, '\n'));
  return options;
}
