/**
 * `npm run release-notes`: prints the changes in the files of `changes/`, by kind. `npm run release-notes -- 0.2.0`:
 * adds them to CHANGELOG.md as that version, released today, and deletes the files.
 * docs/decisions/0016-changes-as-files.md.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Change {
  readonly kind: string;
  readonly text: string;
}

/** The kinds of changes with their headings, in the order of the changelog. */
const kinds: Readonly<Record<string, string>> = {
  breaking: 'Breaking',
  security: 'Security',
  added: 'Added',
  changed: 'Changed',
  fixed: 'Fixed',
};

/** @throws {Error} names the file and its expected format */
function readChange(path: string): Change {
  const match = /^([a-z]+)\n\n(\S[\s\S]*)$/.exec(readFileSync(path, 'utf8'));
  const [, kind = '', text = ''] = match ?? [];
  if (kinds[kind] === undefined) {
    throw new Error(`${path}: begin with one of ${Object.keys(kinds).join(', ')}, an empty line, and what users see`);
  }
  return { kind, text: text.trimEnd() };
}

function notesOf(changes: readonly Change[]): string {
  const sections = Object.entries(kinds).flatMap(([kind, title]) => {
    const items = changes.filter((change) => change.kind === kind);
    const lines = items.map(({ text }) => `- ${text.replaceAll(/\n(?=.)/g, '\n  ')}\n`);
    return lines.length > 0 ? [`### ${title}\n\n${lines.join('')}`] : [];
  });
  return sections.join('\n');
}

/** Adds a version to the changelog. If it is listed as unreleased already, it keeps its text and gets its date. */
function withVersion(changelog: string, version: string, date: string, notes: string): string {
  const heading = `## ${version}, ${date}\n`;
  const unreleased = `## ${version}, unreleased\n`;
  const first = changelog.search(/^## /m);
  if (!changelog.includes(unreleased)) {
    const at = first < 0 ? changelog.length : first;
    return `${changelog.slice(0, at)}${heading}\n${notes}\n${changelog.slice(at)}`;
  }
  const [before = '', after = ''] = changelog.split(unreleased);
  const end = after.search(/^## /m);
  const own = end < 0 ? after : after.slice(0, end);
  return `${before}${heading}${own.trimEnd()}\n\n${notes}${end < 0 ? '' : `\n${after.slice(end)}`}`;
}

const [version] = process.argv.slice(2);
try {
  const files = readdirSync('changes')
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort()
    .map((name) => join('changes', name));
  const notes = notesOf(files.map(readChange));
  if (version === undefined) process.stdout.write(notes);
  else if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) throw new Error(`${version}: give a version such as 0.2.0`);
  else {
    const date = new Date().toISOString().slice(0, 10);
    writeFileSync('CHANGELOG.md', withVersion(readFileSync('CHANGELOG.md', 'utf8'), version, date, notes));
    for (const file of files) rmSync(file);
    console.log(`CHANGELOG.md has ${version}: ${files.length} changes`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
