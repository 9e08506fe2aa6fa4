import { expect, it } from 'vitest';
import { commentsOf, filesNamedIn, importsOf, testNamesIn, withoutComments } from './source-files.ts';

it('sees imports of every form, and tells files from packages', () => {
  const text = [
    "import { a } from './a.ts';",
    'import {',
    '  type B,',
    "} from '../b.ts';",
    "export { c } from './c.ts';",
    "import './d.ts';",
    "const e = await import('./e.ts');",
    "import { f } from '@scope/name/part';",
    "import Redis from 'ioredis';",
  ].join('\n');
  const { files, packages } = importsOf({ path: 'room/file.ts', text });
  expect([...files].sort()).toEqual(['b.ts', 'room/a.ts', 'room/c.ts', 'room/d.ts', 'room/e.ts']);
  expect(packages).toEqual(['@scope/name', 'ioredis']);
});

it('sees the files that are named in strings, beside the file and from the root', () => {
  const text = `new URL('./worker.ts', import.meta.url); join(root, "test/servers/run.ts"); 'unknown.ts'`;
  const known = new Set(['replica/redis/worker.ts', 'test/servers/run.ts']);
  expect(filesNamedIn({ path: 'replica/redis/log.ts', text }, known)).toEqual([...known]);
});

it('tells comments from code', () => {
  const file = { path: 'a.ts', text: "/** one */\nconst url = 'http://x'; // two\n/* three\n four */ code();" };
  expect(commentsOf(file).map(({ line }) => line)).toEqual([1, 2, 3]);
  expect(withoutComments(file)).toContain("'http://x'");
  expect(withoutComments(file)).not.toMatch(/one|two|three|four/);
});

it('reads the names of tests', () => {
  const text = "describe('M1', () => { it.each([{ run: () => f(1) }])('M2: adds', …); it(`M3: one`, …); });";
  expect(testNamesIn({ path: 'a.test.ts', text })).toEqual(['M1', 'M2: adds', 'M3: one']);
});
