import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDocuments } from '../../scripts/client/read-documents.ts';
import { collect } from './collect.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tideline-read-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function read(text: string, from?: number) {
  const path = join(folder, 'documents');
  await writeFile(path, text);
  const { unit, bytes, items } = await openDocuments(path, from);
  return { unit, bytes, items: (await collect(items)).map(({ number, content }) => ({ number, ...content })) };
}

it('reads NDJSON by line, blank ones aside', async () => {
  expect(await read('{"a":1}\n\n{"a":2}\n')).toEqual({
    unit: 'line',
    bytes: 17,
    items: [
      { number: 1, document: { a: 1 } },
      { number: 3, document: { a: 2 } },
    ],
  });
});

it('reads one JSON array by element', async () => {
  expect(await read('\uFEFF\n [{"a":1},\n{"a":2}]')).toMatchObject({
    unit: 'element',
    items: [
      { number: 1, document: { a: 1 } },
      { number: 2, document: { a: 2 } },
    ],
  });
});

it('goes on from the middle of either', async () => {
  expect((await read('{"a":1}\n{"a":2}\n', 2)).items).toEqual([{ number: 2, document: { a: 2 } }]);
  expect((await read('[{"a":1},{"a":2}]', 2)).items).toEqual([{ number: 2, document: { a: 2 } }]);
});

it('says what is wrong with a line, and goes on', async () => {
  const { items } = await read('{"a":1}\n{"a":\n[1]\n7\n{"a":2}\n');
  expect(items).toEqual([
    { number: 1, document: { a: 1 } },
    { number: 2, problem: expect.stringMatching(/^no JSON: /) },
    { number: 3, problem: 'a document is a JSON object' },
    { number: 4, problem: 'a document is a JSON object' },
    { number: 5, document: { a: 2 } },
  ]);
});

it('refuses an array that is no JSON as a whole', async () => {
  await expect(read('[{"a":1},')).rejects.toThrow(/no JSON/);
});

it('keeps 64-bit integers exact, and leaves strings and floats alone', async () => {
  const line =
    '{"a":9007199254740991,"b":9007199254740993,"c":-9223372036854775808,"d":18446744073709551615,' +
    '"e":"9007199254740993","f":9007199254740993.0,"g":100000000000000000000,"h":"\\"9007199254740993"}';
  const { items } = await read(`${line}\n`);
  expect(items).toEqual([
    {
      number: 1,
      document: {
        a: 9007199254740991,
        b: { $int64: '9007199254740993' },
        c: { $int64: '-9223372036854775808' },
        d: { $uint64: '18446744073709551615' },
        e: '9007199254740993',
        f: 9007199254740992,
        g: 1e20,
        h: '"9007199254740993',
      },
    },
  ]);
});

it('names the file that is not there', async () => {
  await expect(openDocuments(join(folder, 'missing'))).rejects.toThrow(/missing/);
});
