import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { linesOf } from '../../scripts/client/lines.ts';
import { collect } from './collect.ts';

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function readLines(text: string, { chunk = 7, maximumBytes = 1_000_000 } = {}) {
  const lines = await collect(linesOf(chunked(Buffer.from(text), chunk), maximumBytes));
  return lines.map(({ number, bytes }) => ({ number, text: bytes?.toString() }));
}

it('gives the same lines however the file is cut into chunks', async () => {
  const text = fc.array(fc.string({ unit: 'binary' }).map((line) => line.replaceAll(/[\r\n\uFEFF]/g, '')));
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 20 }), async (lines, chunk) => {
      const read = await readLines(lines.map((line) => `${line}\n`).join(''), { chunk });
      expect(read.map((line) => line.text)).toEqual(lines);
    }),
  );
});

it('numbers lines from 1', async () => {
  expect(await readLines('{"a":1}\r\n\n{"ä":2}')).toEqual([
    { number: 1, text: '{"a":1}' },
    { number: 2, text: '' },
    { number: 3, text: '{"ä":2}' },
  ]);
});

it('takes away a byte order mark', async () => {
  const [first] = await readLines('\uFEFF{}\n');
  expect(first?.text).toBe('{}');
});

it('does not hold a line that is too long, and goes on after it', async () => {
  const read = await readLines(`${'x'.repeat(500)}\nshort\n`, { maximumBytes: 100 });
  expect(read.map(({ text }) => text)).toEqual([undefined, 'short']);
});
