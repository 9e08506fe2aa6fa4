/** The project's own files as the tidy tests see them: text, and nothing parsed that a line's pattern can tell. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

export interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** All files but what .gitignore leaves out: what was installed, built or stored here. */
export function projectFiles(): readonly SourceFile[] {
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(
      (line) => new RegExp(`^${line.replaceAll('.', '\\.').replaceAll('*', '.*')}${line.endsWith('/') ? '' : '/?'}$`),
    );
  const isOurs = (name: string) => name !== '.git/' && !ignored.some((pattern) => pattern.test(name));
  const walk = (folder: string): readonly string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      if (entry.isDirectory()) return isOurs(`${entry.name}/`) ? walk(`${folder}${entry.name}/`) : [];
      return entry.isFile() && isOurs(entry.name) ? [`${folder}${entry.name}`] : [];
    });
  return walk('').map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export const isCode = ({ path }: SourceFile): boolean => /\.(ts|js|sh)$/.test(path);
export const isTest = ({ path }: SourceFile): boolean => path.startsWith('test/');

/** What a TypeScript or JavaScript file imports: paths from the root, and the names of packages. */
export function importsOf(file: SourceFile): {
  readonly files: readonly string[];
  readonly packages: readonly string[];
} {
  const patterns = [
    /^\s*(?:import|export|\})[^'";]*?\sfrom\s+'([^']+)'/gm,
    /^\s*import\s+'([^']+)'/gm,
    /\bimport\(\s*'([^']+)'/g,
  ];
  const names = patterns.flatMap((pattern) => [...file.text.matchAll(pattern)].map((match) => match[1] ?? ''));
  const isFile = (name: string) => name.startsWith('.');
  return {
    files: names.filter(isFile).map((name) => normalize(join(dirname(file.path), name))),
    packages: names.filter((name) => !isFile(name)).map(packageOf),
  };
}

/** Every file of the project that a file names in a string: imports, workers, scripts, whatever is read beside it. */
export function filesNamedIn(file: SourceFile, known: ReadonlySet<string>): readonly string[] {
  const strings = [...file.text.matchAll(/'([^'\n]+)'|"([^"\n]+)"|`([^`\n$]+)`/g)];
  return strings
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .flatMap((text) => [normalize(join(dirname(file.path), text)), normalize(text)])
    .filter((path) => known.has(path) && path !== file.path);
}

/** The text of comments, with the number of the line on which each begins. */
export function commentsOf(file: SourceFile): readonly { readonly line: number; readonly text: string }[] {
  const pattern = file.path.endsWith('.sh') ? /(?:^|\s)#.*$/gm : /\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$/gm;
  return [...file.text.matchAll(pattern)].map((match) => ({
    line: file.text.slice(0, match.index).split('\n').length,
    text: match[0],
  }));
}

export function withoutComments(file: SourceFile): string {
  return file.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** The first argument of each `describe`, `it` and `test`, and of what their `each` gives. */
export function testNamesIn(file: SourceFile): readonly string[] {
  const calls = file.text.matchAll(/(?:\b(?:describe|it|test)(?:\.[a-z]+)*|\))\(\s*(['"`])(.*?)\1/g);
  return [...calls].map((match) => match[2] ?? '');
}

function packageOf(specifier: string): string {
  const [scope = '', name] = specifier.split('/');
  return scope.startsWith('@') && name !== undefined ? `${scope}/${name}` : scope;
}
