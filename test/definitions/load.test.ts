import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDefinitions } from '../../definitions/load.ts';
import { DefinitionError } from '../../errors.ts';
import { objectFromJson } from '../../replica/values/json.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tideline-definitions-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

describe('a definitions file', () => {
  // The first of this file: the compiler installs itself only once in a process.
  it('leaves nothing of its compiler behind in how the process writes stacks', async () => {
    const { stackTraceLimit, prepareStackTrace } = Error;
    Error.stackTraceLimit = 7;
    const installed = () => 'a stack';
    Error.prepareStackTrace = installed;
    await loadDefinitions(
      await file('stacks.ts', `export default { as: { type: 'A', fields: { n: { kind: 'int' } } } };`),
    );
    const left = { limit: Error.stackTraceLimit, prepare: Error.prepareStackTrace };
    Object.assign(Error, { stackTraceLimit, prepareStackTrace });
    expect(left).toEqual({ limit: 7, prepare: installed });
  });

  it.each([
    [
      'a.ts',
      `import { collection, int } from 'tideline';\nconst n: number = 1;\nexport default { as: collection('A', { n: int(String(n)) }) };`,
    ],
    ['a.mts', `import { collection, int } from 'tideline';\nexport default { as: collection('A', { n: int() }) };`],
    ['a.js', `import { collection, int } from 'tideline';\nexport default { as: collection('A', { n: int() }) };`],
    ['a.mjs', `import { collection, int } from 'tideline';\nexport default { as: collection('A', { n: int() }) };`],
    [
      'a.cjs',
      `const { collection, int } = require('tideline');\nmodule.exports = { as: collection('A', { n: int() }) };`,
    ],
    ['plain.js', `export default { as: { type: 'A', fields: { n: { kind: 'int' } } } };`],
  ])('is loaded without a build: %s', async (name, text) => {
    const definitions = await loadDefinitions(await file(name, text));
    expect(definitions.get('as')?.fields.n?.kind).toBe('int');
  });

  it('may be named relative to the working directory', async () => {
    const path = await file('relative.js', `export default { as: { type: 'A', fields: { n: { kind: 'int' } } } };`);
    expect((await loadDefinitions(relative(process.cwd(), path))).collections).toHaveLength(1);
  });

  it.each([
    ['syntax.ts', 'export default {{', 'cannot be run'],
    ['throws.ts', `throw new Error('no luck');`, 'no luck'],
    ['imports.ts', `import './nowhere.ts';\nexport default {};`, 'nowhere'],
    ['none.ts', 'export const a = 1;', 'collection "a"'],
    ['list.ts', 'export default [];', 'default export'],
    ['bad.ts', `export default { people: { type: 'Person', fields: { id: { kind: 'int' } } } };`, 'field id'],
  ])('that is bad is named, with what is wrong: %s', async (name, text, said) => {
    const path = await file(name, text);
    const loading = loadDefinitions(path);
    await expect(loading).rejects.toThrow(DefinitionError);
    await expect(loading).rejects.toThrow(path);
    await expect(loading).rejects.toThrow(said);
  });

  it.each([
    ['helper.ts', `import { collection } from 'tideline';\n\nexport default { as: collection('A', { n: bool() }) };`],
    [
      'import.ts',
      `import { bool, collection } from 'tideline';\n\nexport default { as: collection('A', { n: bool() }) };`,
    ],
  ])('with a helper that there is not, names it, its line, the one that is meant, and all: %s', async (name, text) => {
    const path = await file(name, text);
    const loading = loadDefinitions(path);
    await expect(loading).rejects.toThrow(
      `bool is not defined (${path}:3): did you mean boolean? 'tideline' has attachment, `,
    );
  });

  it('with a helper that is not imported, says so', async () => {
    const loading = loadDefinitions(await file('forgotten.ts', `export default { as: { fields: { n: int() } } };`));
    await expect(loading).rejects.toThrow(/int is not defined \(.*forgotten\.ts:1\): import it from 'tideline'/);
  });

  it('that is not there is named', async () => {
    await expect(loadDefinitions(join(folder, 'nowhere.ts'))).rejects.toThrow(/nowhere\.ts.*COLLECTIONS/);
  });
});

describe('the sample', () => {
  it('defines people, cars and countries, and every country fits', async () => {
    const definitions = await loadDefinitions('collections.ts');
    expect(definitions.collections.map(({ name, type }) => [name, type])).toEqual([
      ['people', 'Person'],
      ['cars', 'Car'],
      ['countries', 'Country'],
    ]);

    const file = createRequire(import.meta.url).resolve('world-countries/countries.json');
    const countries: { readonly cca3: string }[] = JSON.parse(await readFile(file, 'utf8'));
    const defined = Object.keys(definitions.get('countries')?.fields ?? {});
    for (const country of countries) {
      definitions.checkDocument('countries', objectFromJson(country, country.cca3), country.cca3);
      expect(defined).toEqual(expect.arrayContaining(Object.keys(country)));
    }
    expect(countries).toHaveLength(250);
  });
});
