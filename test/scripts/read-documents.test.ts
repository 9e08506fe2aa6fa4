import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import { parseExactly, stringifyExactly } from '../../scripts/client/exact-json.ts';
import { openDocuments } from '../../scripts/client/read-documents.ts';
import { ValueSplitter } from '../../scripts/client/values.ts';
import { collect } from './collect.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tideline-read-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function read(text: string | Buffer, from?: number) {
  const path = join(folder, 'documents');
  await writeFile(path, text);
  using file = await openDocuments(path, from);
  const { unit, bytes, items } = file;
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
    { number: 2, problem: expect.stringMatching(/^not valid JSON: /) },
    { number: 3, problem: 'a document must be a JSON object' },
    { number: 4, problem: 'a document must be a JSON object' },
    { number: 5, document: { a: 2 } },
  ]);
});

it('says what is wrong with an element of an array, and goes on', async () => {
  expect((await read('[{"a":1},{"a":},7,,{"a":2}]')).items).toEqual([
    { number: 1, document: { a: 1 } },
    { number: 2, problem: expect.stringMatching(/^not valid JSON: /) },
    { number: 3, problem: 'a document must be a JSON object' },
    { number: 5, document: { a: 2 } },
  ]);
});

it.each([
  ['does not end', '[{"a":1},{"a":2}', /does not end: its element 2/],
  ['has text behind it', '[{"a":1}] x', /text behind the array/],
])('refuses an array that %s, once it gets there', async (_, text, problem) => {
  await expect(read(text)).rejects.toThrow(problem);
});

it('reads documents that go on over several lines, as jq prints them', async () => {
  const text = '{\n  "a": 1,\n  "b": "} \\" {"\n}\n{\n  "a": [\n    2\n  ]\n}\n{"a":3}\n{\n  "a": x\n}\n';
  expect(await read(text)).toEqual({
    unit: 'line',
    bytes: text.length,
    items: [
      { number: 1, document: { a: 1, b: '} " {' } },
      { number: 5, document: { a: [2] } },
      { number: 10, document: { a: 3 } },
      { number: 11, problem: expect.stringMatching(/^not valid JSON: /) },
    ],
  });
});

it('reads what is packed with gzip', async () => {
  const lines = Array.from({ length: 20_000 }, (_, a) => ({ a }));
  const { items } = await read(gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
  expect(items.map((item) => 'document' in item && item.document)).toEqual(lines);
});

it.each([
  ['a line', Buffer.from('{"a":1}\n{"a":"Gr\xfc\xdfe"}\n', 'latin1'), /line 2 is not UTF-8.*iconv/],
  ['an array', Buffer.from('[{"a":1},\n{"a":"Gr\xfc\xdfe"}]', 'latin1'), /is not UTF-8.*iconv/],
])('refuses %s in another encoding than UTF-8', async (_, bytes, problem) => {
  await expect(read(bytes)).rejects.toThrow(problem);
});

it('says that CSV is not read, and what to do', async () => {
  await expect(read('id,name\n1,Ada\n')).rejects.toThrow(/begins with "id,name".*CSV is not read.*mlr/);
});

it('refuses a document that nests deeper than the server takes, in a word', async () => {
  const deep = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  const { items } = await read(`${deep(5_000)}\n${deep(limits.documentDepth)}\n`);
  expect(items[0]).toEqual({ number: 1, problem: 'it is nested more than 64 levels deep' });
  expect(items[1]).toHaveProperty('document');
});

it('gives the same documents in each form, however they are cut into chunks', async () => {
  const documents = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(
      documents,
      fc.constantFrom(undefined, 2),
      fc.integer({ min: 1, max: 30 }),
      async (all, indent, size) => {
        const wanted = all.map((document) => JSON.parse(JSON.stringify(document)));
        for (const isArray of [true, false]) {
          const text = isArray
            ? JSON.stringify(wanted, null, indent)
            : wanted.map((document) => JSON.stringify(document, null, indent)).join('\n');
          const splitter = new ValueSplitter(isArray, 1_000_000);
          const found: string[] = [];
          for (let start = 0; start < text.length; start += size) {
            for (const value of splitter.write(text.slice(start, start + size))) found.push(value.text ?? '');
          }
          for (const value of splitter.end()) found.push(value.text ?? '');
          expect(found.map((value) => JSON.parse(value))).toEqual(wanted);
        }
      },
    ),
  );
});

it('keeps 64-bit integers exact, and leaves strings and floats alone', async () => {
  const line =
    '{"a":9007199254740991,"b":9007199254740993,"c":-9223372036854775808,"d":18446744073709551615,' +
    '"e":"9007199254740993","f":9007199254740993.0,"g":1e20,"h":"\\"9007199254740993","i":384622082018771968,"j":0.33338966781859547}';
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
        i: { $int64: '384622082018771968' },
        j: 0.33338966781859547,
      },
    },
  ]);
});

it.each([
  ['1e400', 'the number 1e400 is beyond the range of a double'],
  ['18446744073709551616', /^the integer 18446744073709551616 has more than 64 bits/],
  ['-9223372036854775809', /^the integer -9223372036854775809 has more than 64 bits/],
  ['01234567890123456789', /^not valid JSON/],
])('refuses the number %s, and goes on', async (number, problem) => {
  const { items } = await read(`{"a":${number}}\n{"a":1}\n`);
  expect(items).toEqual([
    { number: 1, problem: expect.stringMatching(problem) },
    { number: 2, document: { a: 1 } },
  ]);
});

it('reads the doubles and integers that an export writes as what they were', () => {
  const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger());
  fc.assert(
    fc.property(number, (value) => {
      expect(parseExactly(stringifyExactly({ value }))).toEqual({ value: Object.is(value, -0) ? 0 : value });
    }),
    { examples: [[Number('384622082018771968')], [1e20], [2 ** 53], [-(2 ** 63)], [5e-324], [1.7976931348623157e308]] },
  );
});

it('names the file that is not there', async () => {
  await expect(openDocuments(join(folder, 'missing'))).rejects.toThrow(/missing/);
});
