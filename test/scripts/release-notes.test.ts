import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../tidy/source-files.ts';

const tsx = join(root, 'node_modules/.bin/tsx');
const script = join(root, 'scripts/release-notes.ts');
const today = /\d{4}-\d\d-\d\d/;

let folder: string;
const run = (...options: string[]) => promisify(execFile)(tsx, [script, ...options], { cwd: folder });
const change = (name: string, text: string) => writeFile(join(folder, 'changes', name), text);
const changelog = () => readFile(join(folder, 'CHANGELOG.md'), 'utf8');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tideline-notes-'));
  await mkdir(join(folder, 'changes'));
  await change('README.md', '# What this folder is\n');
  await writeFile(
    join(folder, 'CHANGELOG.md'),
    '# Changelog\n\nWhat users see.\n\n## 0.1.0, 2026-01-02\n\n- It runs.\n',
  );
});
afterEach(() => rm(folder, { recursive: true }));

describe('npm run release-notes', () => {
  it('prints the changes by kind, breaking ones first, and writes nothing', async () => {
    await change('b.md', 'fixed\n\nA page is whole.\nAlso backwards.\n');
    await change('a.md', 'fixed\n\nA cursor is exact.\n');
    await change('c.md', 'breaking\n\nA name is longer.\n');
    const { stdout } = await run();
    expect(stdout).toBe(
      '### Breaking\n\n- A name is longer.\n\n### Fixed\n\n- A cursor is exact.\n- A page is whole.\n  Also backwards.\n',
    );
    expect(await readdir(join(folder, 'changes'))).toHaveLength(4);
  });

  it('writes a version into the changelog, and deletes what it took', async () => {
    await change('a.md', 'added\n\nA thing.\n');
    await run('0.2.0');
    expect((await changelog()).replace(today, 'TODAY')).toBe(
      '# Changelog\n\nWhat users see.\n\n## 0.2.0, TODAY\n\n### Added\n\n- A thing.\n\n## 0.1.0, 2026-01-02\n\n- It runs.\n',
    );
    expect(await readdir(join(folder, 'changes'))).toEqual(['README.md']);
  });

  it('keeps what an unreleased version has, and gives it a date', async () => {
    const text = '# Changelog\n\n## 0.2.0, unreleased\n\n- Old.\n\n## 0.1.0, 2026-01-02\n\n- It runs.\n';
    await writeFile(join(folder, 'CHANGELOG.md'), text);
    await change('a.md', 'added\n\nA thing.\n');
    await run('0.2.0');
    expect((await changelog()).replace(today, 'TODAY')).toBe(
      '# Changelog\n\n## 0.2.0, TODAY\n\n- Old.\n\n### Added\n\n- A thing.\n\n## 0.1.0, 2026-01-02\n\n- It runs.\n',
    );
  });

  it('refuses a change of no known kind, and what is no version, and changes nothing', async () => {
    const before = await changelog();
    await change('a.md', 'A thing.\n');
    await expect(run('0.2.0')).rejects.toThrow(/changes\/a\.md: begin with one of breaking/);
    await change('a.md', 'added\n\nA thing.\n');
    await expect(run('next')).rejects.toThrow(/such as 0\.2\.0/);
    expect(await changelog()).toBe(before);
    expect(await readdir(join(folder, 'changes'))).toContain('a.md');
  });

  it('takes every file that the repository has', async () => {
    await expect(promisify(execFile)(tsx, [script], { cwd: root })).resolves.toBeDefined();
  });
});
