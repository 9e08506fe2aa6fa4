/** Every block of the README and of the guide is run as a reader would run it, or says where it is run. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../tidy/source-files.ts';
import { elsewhere } from './elsewhere.ts';
import { type Block, blocksOf, guidePages } from './pages.ts';
import { RunningPage } from './running-page.ts';

/** By the word behind the language: what test/guide/proxies.test.ts and others run. */
const runElsewhere: ReadonlySet<string> = new Set(['proxy', 'vite', 'caddy', 'page', 'reconnect']);

const isRunElsewhere = ({ tag, text }: Block): boolean =>
  runElsewhere.has(tag) || elsewhere.some(([part]) => text.includes(part));

const isRunHere = (block: Block): boolean =>
  !isRunElsewhere(block) &&
  (/^(graphql|json|text)$/.test(block.language) ||
    block.tag === 'collections' ||
    (/^(run|watch)$/.test(block.tag) && /^(sh|ts)$/.test(block.language)));

const isTypeScript = ({ language }: Block): boolean => language === 'ts';

describe.each(guidePages)('%s', (page) => {
  const blocks = blocksOf(page);
  let running: RunningPage;
  beforeAll(() => {
    running = new RunningPage();
  });
  afterAll(() => running[Symbol.asyncDispose]());

  it('has no block that nothing runs', () => {
    const unrun = blocks.filter((block) => !(isRunHere(block) || isTypeScript(block) || isRunElsewhere(block)));
    expect(unrun.map(({ line, language, tag }) => `line ${line}: ${language} ${tag}`)).toEqual([]);
  });

  for (const [index, block] of blocks.entries()) {
    if (!isRunHere(block)) continue;
    it(`runs the ${block.language} block of line ${block.line}`, async () => {
      await running.run(block);
      const next = blocks[index + 1];
      const showsErrors = next?.language === 'json' && next.text.includes('"errors"');
      if (block.language === 'graphql' && !showsErrors) expect(running.errors).toBeUndefined();
    });
  }
});

it('what is said to run elsewhere stands in the guide', () => {
  const texts = guidePages.flatMap(blocksOf).map(({ text }) => text);
  expect(elsewhere.filter(([part]) => !texts.some((text) => text.includes(part)))).toEqual([]);
  const tests = elsewhere.flatMap(([, reason]) => reason.match(/test\/\S+\.ts/g) ?? []);
  expect(tests.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

/** The compiler sees each block as a module of its own, beside the examples, whose packages it finds. */
it('its TypeScript is type-checked', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(root, 'examples/.guide-'));
  try {
    const blocks = guidePages.flatMap(blocksOf).filter(isTypeScript);
    expect(blocks.length).toBeGreaterThan(0);
    for (const { page, line, text } of blocks) {
      const name = `${page.replace(/^.*\//, '').replace('.md', '')}-line-${line}.ts`;
      await writeFile(join(folder, name), text.includes('import ') ? text : `${text}\nexport {};\n`);
    }
    const compilerOptions = {
      lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
      noUnusedLocals: false,
    };
    const configuration = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'], exclude: [] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(configuration));
    const compiler = join(root, 'node_modules/.bin/tsc');
    const { stdout } = await promisify(execFile)(compiler, ['-p', folder], { cwd: folder }).catch(
      (failed: { stdout: string }) => failed,
    );
    expect(stdout).toBe('');
  } finally {
    await rm(folder, { recursive: true });
  }
});
