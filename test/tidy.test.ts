/** Checks that read the code itself. Each failure says what is wrong, and what to do. */
import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageFile from '../package.json' with { type: 'json' };
import {
  beforeEveryRoom,
  circle,
  circlesIn,
  isGivenTime,
  keptTo,
  roomOf,
  timeChanceAndIo,
  whyNot,
} from './tidy/rooms.ts';
import {
  commentsOf,
  filesNamedIn,
  importsOf,
  isCode,
  isTest,
  projectFiles,
  root,
  type SourceFile,
  testNamesIn,
  withoutComments,
} from './tidy/source-files.ts';

const files = projectFiles();
const code = files.filter(isCode);
const tests = code.filter(isTest);
const product = code.filter((file) => !isTest(file));
const isBeside = ({ path }: { readonly path: string }): boolean => /^(bench|examples)\//.test(path);
const byPath = new Map(files.map((file) => [file.path, file]));
const documents = files.filter(({ path }) =>
  /^(docs\/.*|changes\/.*|README|CHANGELOG|CONTRIBUTING|SECURITY)\.md$/.test(path),
);

describe('rooms', () => {
  it('import only from rooms that stand before them', () => {
    const faults = product.flatMap((file) => {
      const own = roomOf(file.path);
      if (own === undefined) return [];
      return importsOf(file)
        .files.filter((path) => byPath.has(path) && !beforeEveryRoom.has(path))
        .flatMap((path) => {
          const other = roomOf(path);
          const why = other === undefined ? 'it is in no room' : whyNot(own, other);
          return why === undefined
            ? []
            : [`${file.path} imports ${path}: ${why}. Move what it needs down, or hand it in`];
        });
    });
    expect(faults).toEqual([]);
  });

  it('have no circle of imports, types included, but the node of documents', () => {
    const imports = new Map(
      product.map((file) => [file.path, importsOf(file).files.filter((path) => byPath.has(path))]),
    );
    expect(circlesIn(imports)).toEqual([circle]);
  });

  it('import only the packages that they may know', () => {
    const faults = product.flatMap((file) => {
      // Benches measure other ways beside ours, and examples are clients.
      if (isBeside(file)) return [];
      const own = roomOf(file.path);
      return importsOf(file)
        .packages.filter(
          (name) => !(own?.packages?.includes(name) ?? true) || !file.path.startsWith(keptTo[name] ?? ''),
        )
        .map((name) => `${file.path} imports ${name}: put a port in between, or let the rim hand in what it does`);
    });
    expect(faults).toEqual([]);
  });

  it('are given time, chance and I/O in the replica and the transfer, adapters excepted', () => {
    const given = product.filter(({ path }) => isGivenTime(path));
    const faults = given.flatMap((file) => {
      const found = timeChanceAndIo.exec(withoutComments(file));
      return found === null ? [] : [`${file.path} uses ${found[0]}: take it as an argument (replica/options.ts)`];
    });
    expect(faults).toEqual([]);
  });

  it('hold every file of the product', () => {
    const loose = product
      .filter(({ path }) => path.includes('/') && !isBeside({ path }) && roomOf(path) === undefined)
      .map(({ path }) => `${path} is in no room: move it into one, or add its room to test/tidy/rooms.ts`);
    expect(loose).toEqual([]);
  });
});

describe('files', () => {
  it('are all reached: those of the product from its entries, those of the tests from a test', () => {
    const commands = Object.values(packageFile.scripts).join(' ');
    const entries = product.filter(
      ({ path }) =>
        ['server/main.ts', 'definitions/language.ts', 'collections.ts', 'vitest.config.ts'].includes(path) ||
        isBeside({ path }) ||
        commands.includes(path) ||
        commands.includes(`scripts/run.js ${path.replace(/^scripts\/(.*)\.ts$/, '$1')}`) ||
        byPath.get('.ci/run')?.text.includes(path),
    );
    const ofProduct = reachedFrom(entries);
    const started = tests.filter(({ path }) => path.endsWith('.test.ts') || commands.includes(path));
    const ofTests = reachedFrom([...started, ...entries]);
    const dead = [
      ...product.filter(({ path }) => !ofProduct.has(path)).map(({ path }) => path),
      ...tests.filter(({ path }) => !ofTests.has(path)).map(({ path }) => path),
    ].map((path) => `nothing that runs uses ${path}: use it, or delete it`);
    expect(dead).toEqual([]);
  });

  it('have one subject and no more than 400 lines', () => {
    const long = code
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > 400)
      .map(({ path, lines }) => `${path} has ${lines} lines: split it by subject`);
    expect(long).toEqual([]);
  });

  it('say in comments what holds, not how it came about or what is still to be done', () => {
    const history =
      /\b(TODO|FIXME|XXX|HACK|for now|previously|originally|legacy|refactor\w*|(?:we|it|they) used to|issue #?\d+|pull request|old version)\b/i;
    const faults = code.flatMap((file) =>
      commentsOf(file).flatMap(({ line, text }) => {
        const found = history.exec(text);
        return found === null
          ? []
          : [`${file.path}:${line} says "${found[0]}": write what is so, and why; history is in git`];
      }),
    );
    expect(faults).toEqual([]);
  });

  it('silence neither the compiler nor the linter', () => {
    const silencer = /@ts-(?:ignore|expect-error|nocheck)|biome-ignore|\bas unknown as\b|\bas any\b|\bas never\b/;
    const faults = code
      .filter(({ path }) => path !== 'test/tidy.test.ts')
      .flatMap(({ path, text }) =>
        text.split('\n').flatMap((line, index) => {
          const found = silencer.exec(line);
          return found === null ? [] : [`${path}:${index + 1} has "${found[0]}": narrow the type with a guard instead`];
        }),
      );
    expect(faults).toEqual([]);
  });

  it('of tests run every test that is in them', () => {
    const skipping = /\b(?:it|test|describe)\.(?:skip|only|todo|skipIf|runIf|fails)\b/;
    const faults = tests
      .filter(({ path }) => path !== 'test/tidy.test.ts')
      .filter(({ text }) => skipping.test(text))
      .map(({ path }) => `${path} leaves tests out: make them pass, or delete them`);
    expect(faults).toEqual([]);
  });
});

describe('numbered rules', () => {
  const rule = /^[\s>]*(?:[-*|]\s*)?(?:#+\s+)?\*{0,2}([A-Z]\d{1,2})(?:\*{0,2}\.|\.?\*\*|:|\s*\|)/gm;
  const statements = documents.flatMap((file) => ruleNumbers(rule, file.text, file));
  const stated = new Map(statements.map(({ number, path }) => [number, path]));
  const names = (text: string, number: string) => new RegExp(`\\b${number}\\b`).test(text);

  it('are stated once each', () => {
    const twice = statements
      .filter(({ number }, index) => statements.findIndex((other) => other.number === number) !== index)
      .map(({ number, path }) => `${path} states ${number}, which is stated already: give it a number of its own`);
    expect(twice).toEqual([]);
  });

  it('of the documents stand in the code, and in the name of a test', () => {
    const testNames = tests.flatMap(testNamesIn);
    const faults = [...stated].flatMap(([number, path]) => [
      ...(product.some((file) => commentsOf(file).some(({ text }) => names(text, number)))
        ? []
        : [`${number} of ${path} stands in no comment of the code: name it where it is kept`]),
      ...(testNames.some((name) => names(name, number))
        ? []
        : [`${number} of ${path} stands in no test's name: write the test that shows it`]),
    ]);
    expect(faults).toEqual([]);
  });

  it('of the code and the tests stand in a document', () => {
    const begins = /^[\s/*-]*([A-Z]\d{1,2})[.:]\s/gm;
    const used = [
      ...product.flatMap((file) => commentsOf(file).flatMap(({ text }) => ruleNumbers(begins, text, file))),
      ...tests.flatMap((file) => testNamesIn(file).flatMap((name) => ruleNumbers(/^([A-Z]\d{1,2}):/g, name, file))),
    ];
    const faults = used
      .filter(({ number }) => !stated.has(number))
      .map(({ number, path }) => `${number} in ${path} is in no document: state the rule in docs/, or drop the number`);
    expect(faults).toEqual([]);
  });
});

describe('packages', () => {
  /** By the folder that each package.json stands in, '' being the root: what it lists, with versions. */
  const listed = new Map(
    files
      .filter(({ path }) => /(^|\/)package\.json$/.test(path))
      .map(({ path, text }) => [path.slice(0, -'package.json'.length), dependenciesIn(text)]),
  );
  // The examples are run with the libraries that the tests of clients have: scripts/require-packages.sh.
  const folderOf = (path: string) =>
    path.startsWith('examples/') && ![...listed.keys()].some((folder) => folder !== '' && path.startsWith(folder))
      ? 'test/clients/'
      : path;

  it('are listed where they are imported: in a package.json beside or above', () => {
    const faults = code.flatMap((file) => {
      const inReach = [...listed].filter(([folder]) => folderOf(file.path).startsWith(folder));
      return importsOf(file)
        .packages.filter((name) => !isBuiltin(name) && name !== packageFile.name)
        .filter((name) => !inReach.some(([, versions]) => versions.has(name)))
        .map((name) => `${file.path} imports ${name}, which no package.json beside or above lists: add it to one`);
    });
    expect(faults).toEqual([]);
  });

  it('have one version wherever they are listed, and graphql has one copy', () => {
    const ofRoot = listed.get('') ?? new Map<string, string>();
    const faults = [...listed]
      .filter(([folder]) => folder !== '' && !folder.startsWith('examples/'))
      .flatMap(([folder, versions]) =>
        [...versions]
          .filter(([name]) => ofRoot.has(name))
          .filter(([name, version]) =>
            name === 'graphql' ? !version.startsWith('file:') : version !== ofRoot.get(name),
          )
          .map(([name]) => `${folder}package.json has another ${name} than package.json: give both the same version`),
      );
    expect(faults).toEqual([]);
  });
});

describe('documents', () => {
  it('link only to files that are there', () => {
    const faults = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map((match) => match[1] ?? '')
        .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(root, dirname(path), link)))
        .map((link) => `${path} links to ${link}, which is not there: correct the link`),
    );
    expect(faults).toEqual([]);
  });

  it('name only files of this project that are there', () => {
    const faults = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/`([a-z][\w-]*\/[\w./-]+\.(?:ts|js|sh|md|lua|svg))`/g)]
        .map((match) => normalize(match[1] ?? ''))
        .filter((name) => !byPath.has(name) && !byPath.has(`replica/${name}`))
        .map((name) => `${path} names ${name}, which is not there: correct the path`),
    );
    expect(faults).toEqual([]);
  });

  it('name only commands that package.json has', () => {
    const commands = new Set(Object.keys(packageFile.scripts));
    const faults = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\bnpm (?:run (?:--silent |-s )?([\w:-]+)|(start|test)\b)/g)]
        .map((match) => match[1] ?? match[2] ?? '')
        .filter((name) => !commands.has(name))
        .map((name) => `${path} names npm run ${name}, which package.json has not: correct one of the two`),
    );
    expect(faults).toEqual([]);
  });
});

function reachedFrom(entries: readonly SourceFile[]): ReadonlySet<string> {
  const known = new Set(code.map(({ path }) => path));
  const reached = new Set<string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file.path)) continue;
    reached.add(file.path);
    for (const path of filesNamedIn(file, known)) {
      const next = byPath.get(path);
      if (next !== undefined) waiting.push(next);
    }
  }
  return reached;
}

function dependenciesIn(packageText: string): ReadonlyMap<string, string> {
  const { dependencies, devDependencies }: Readonly<Record<string, Readonly<Record<string, string>> | undefined>> =
    JSON.parse(packageText);
  return new Map(Object.entries({ ...dependencies, ...devDependencies }));
}

function ruleNumbers(pattern: RegExp, text: string, { path }: SourceFile) {
  return [...text.matchAll(pattern)].map((match) => ({ number: match[1] ?? '', path }));
}
