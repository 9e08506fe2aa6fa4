/** What the documents list is what there is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { roomOf, rooms } from './tidy/rooms.ts';
import { isCode, isTest, projectFiles, root } from './tidy/source-files.ts';

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const operations = read('docs/guide/operations.md');
const allMatches = (text: string, pattern: RegExp) =>
  [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort();

it('docs/guide/operations.md has every variable of the configuration, and no other', () => {
  const taken = allMatches(read('server/configuration.ts'), /^ {4}([A-Z][A-Z_]+):/gm);
  expect(taken).toContain('PORT');
  expect(allMatches(operations, /^\| `([A-Z_]+)` +\|/gm)).toEqual(taken);
});

it('docs/guide/operations.md has every metric of the server, and no other', () => {
  const measured = allMatches(read('server/http/metrics.ts'), /'(tideline_\w+)'/g);
  expect(measured).toContain('tideline_ready');
  expect(allMatches(operations, /`(tideline_\w+)`/g)).toEqual(measured);
});

it('docs/internals/architecture.md has every room in its order, and files to read first in them', () => {
  const rows = [...read('docs/internals/architecture.md').matchAll(/^\| `([^`]+\/)` +\| .* \| `([^`]+)` +\|$/gm)];
  expect(rows.map((row) => row[1])).toEqual(rooms.map(({ path }) => path));
  expect(rows.filter(([, room = '', first = '']) => roomOf(first)?.path !== room)).toEqual([]);
});

it('docs/internals/rooms.svg shows every room, from the top down', () => {
  const shown = [...read('docs/internals/rooms.svg').matchAll(/>([\w/-]+\/)</g)].map((match) => match[1]);
  expect(shown.reverse()).toEqual(rooms.map(({ path }) => path));
});

it('docs/glossary.md gives each term once, and names that the code has', () => {
  const rows = [...read('docs/glossary.md').matchAll(/^\| \*\*(.+?)\*\* +\| .*? \| (.*?) \|/gm)];
  const terms = rows.map((row) => row[1]);
  expect(terms).toContain('causal context');
  expect(terms).toEqual([...new Set(terms)]);
  const code = projectFiles().filter((file) => isCode(file) && !isTest(file));
  const isThere = (name: string) => code.some(({ path, text }) => path.startsWith(name) || text.includes(name));
  const names = rows.flatMap(([, term, here = '']) =>
    [...here.matchAll(/`([^`]+)`/g)].map(([, name = '']) => ({ term, name })),
  );
  expect(names.filter(({ name }) => !isThere(name))).toEqual([]);
});

it('docs/decisions/README.md lists every record, with its title', () => {
  const records = readdirSync(join(root, 'docs/decisions')).filter((name) => /^\d{4}-.*\.md$/.test(name));
  const titles = records.map((name) => `${name} ${read(`docs/decisions/${name}`).split('\n', 1)[0]}`);
  const listed = [...read('docs/decisions/README.md').matchAll(/^\| \[(\d{4})\]\((.+?)\) (.+?) +\|/gm)];
  expect(listed.map(([, number, name, title]) => `${name} # ${Number(number)}. ${title}`)).toEqual(titles.sort());
});

it('.editorconfig has what the formatter does', () => {
  const settings = Object.fromEntries(
    [...read('.editorconfig').matchAll(/^(\w+) = (\w[\w-]*)$/gm)].map(([, name = '', value]) => [name, value]),
  );
  const { formatter }: { readonly formatter: Readonly<Record<string, unknown>> } = JSON.parse(read('biome.json'));
  const { indentStyle, indentWidth, lineWidth } = formatter;
  expect(settings).toMatchObject({
    indent_style: indentStyle,
    indent_size: String(indentWidth),
    max_line_length: String(lineWidth),
  });
});

it('has every section that a comment of the code names', () => {
  const named = projectFiles()
    .filter(isCode)
    .flatMap(({ path, text }) =>
      [...text.matchAll(/(docs\/[\w/-]+\.md), section "([^"\n]+)"/g)].map(([, page = '', section = '']) => ({
        path,
        page,
        section,
      })),
    );
  expect(named).not.toEqual([]);
  expect(named.filter(({ page, section }) => !read(page).match(new RegExp(`^#+ ${section}$`, 'm')))).toEqual([]);
});

it('CONTRIBUTING.md has commands of files that are there', () => {
  const commands = [...read('CONTRIBUTING.md').matchAll(/`((?:npx|node|npm|[A-Z_]+=\S+ )[^`]*)`/g)];
  const named = commands.flatMap(([, command = '']) => command.match(/\b(?:test|scripts)\/[\w/.-]+/g) ?? []);
  expect(named).toContain('scripts/start.js');
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
