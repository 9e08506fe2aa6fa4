import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedBytesError } from '../../../errors.ts';
import { ByteReader } from '../../../replica/codec/byte-reader.ts';
import { ByteWriter } from '../../../replica/codec/byte-writer.ts';
import { StringTable } from '../../../replica/codec/strings.ts';
import { mostBytes, readRareText, readText, writeText } from '../../../replica/codec/text.ts';

/** Short and long, of one byte a character and of up to four. */
const texts = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('', '\0', '\ufeff', 'é', 'x'.repeat(40), 'x'.repeat(41), `${'x'.repeat(39)}é`),
);

describe('texts', () => {
  it('are the UTF-8 that the platform makes of them, and come back', () => {
    fc.assert(
      fc.property(texts, fc.nat(9), (text, at) => {
        const into = new Uint8Array(at + mostBytes(text));
        const written = writeText(text, into, at);
        expect(Buffer.from(into.subarray(at, at + written))).toEqual(Buffer.from(text));
        expect(readText(into, at, written, at)).toBe(text);
        expect(readRareText(into, at, written, at)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('of any bytes are what the platform reads, or refused where it refuses', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const attempt = (read: () => string): string | undefined => {
      try {
        return read();
      } catch {
        return undefined;
      }
    };
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ min: 0xe0, max: 0xe9, maxLength: 1 })),
        (bytes) => {
          const expected = attempt(() => decoder.decode(bytes));
          expect(attempt(() => readText(bytes, 0, bytes.length, 0))).toBe(expected);
          expect(attempt(() => readRareText(bytes, 0, bytes.length, 0))).toBe(expected);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('are not taken for another one whose characters have the numbers of their bytes', () => {
    expect(readText(Buffer.from('é'), 0, 2, 0)).toBe('é');
    expect(() => readText(new Uint8Array([0xe9]), 0, 1, 0)).toThrow(TypeError);
  });

  it('are not confused where many hash to one place', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `text ${index % 10_000}`);
    for (const text of many) expect(readText(Buffer.from(text), 0, text.length, 99)).toBe(text);
  });
});

/** Seven bits a byte, lowest first, by arithmetic that has no largest integer. */
function varintOf(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest >= 128n; rest /= 128n) bytes.push(Number(rest % 128n) + 128);
  return [...bytes, Number(rest)];
}

describe('a writer', () => {
  it('puts the number of its bytes before what it was begun for, however many these are', () => {
    const check = (outer: number, inner: number) => {
      const writer = new ByteWriter(new StringTable('FIRST_USE'));
      writer.byte(7);
      const begun = writer.beginSized();
      for (let left = outer; left > 0; left--) writer.byte(left & 0xff);
      const within = writer.beginSized();
      for (let left = inner; left > 0; left--) writer.byte(left & 0xff);
      writer.endSized(within);
      writer.endSized(begun);
      writer.byte(8);
      const fill = (length: number) => Array.from({ length }, (_, index) => (length - index) & 0xff);
      const sized = [...varintOf(inner), ...fill(inner)];
      const whole = [...varintOf(outer + sized.length), ...fill(outer), ...sized];
      expect([...writer.take()]).toEqual([7, ...whole, 8]);
    };
    for (const size of [0, 1, 126, 127, 128, 129, 8190, 8191, 8192, 16_383, 16_384, 70_000]) check(size % 300, size);
    fc.assert(fc.property(fc.nat(400), fc.nat(400), check));
  });

  it('writes integers of any size as they are read again', () => {
    const powers = Array.from({ length: 54 }, (_, power) => 2 ** power);
    const edges = powers.flatMap((power) => [power - 1, power, power + 1]).filter(Number.isSafeInteger);
    const check = (value: number) => {
      const writer = new ByteWriter(new StringTable('FIRST_USE'));
      writer.byte(0);
      writer.varint(value);
      const bytes = writer.take();
      expect([...bytes]).toEqual([0, ...varintOf(value)]);
      expect(new ByteReader(bytes, 'an integer', 1, 'FIRST_USE').varint()).toBe(value);
    };
    for (const value of edges) check(value);
    fc.assert(fc.property(fc.maxSafeNat(), check), { numRuns: 500 });
  });

  it('gives bytes that nothing written later changes, however long', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            texts: fc.array(texts, { maxLength: 30 }),
            times: fc.constantFrom(1, 1, 1, 20),
            cut: fc.boolean(),
          }),
          { minLength: 1, maxLength: 40 },
        ),
        (pieces) => {
          const strings = new StringTable('FIRST_USE');
          const [whole, other] = [new ByteWriter(strings), new ByteWriter(strings)];
          const taken: [Uint8Array, Buffer][] = [];
          for (const piece of pieces) {
            const expected: Buffer[] = [];
            whole.clear();
            other.clear();
            for (const text of Array.from({ length: piece.times }, () => piece.texts).flat()) {
              other.text(text);
              const length = Buffer.byteLength(text);
              expected.push(
                Buffer.from(length < 0x80 ? [length] : [(length % 0x80) + 0x80, length >> 7]),
                Buffer.from(text),
              );
            }
            other.float(0.5);
            expected.push(Buffer.from([0, 0, 0, 0, 0, 0, 0xe0, 0x3f]));
            whole.byte(7);
            whole.copyOf(other);
            if (!piece.cut) taken.push([whole.take(), Buffer.concat([Buffer.from([7]), ...expected])]);
          }
          for (const [bytes, expected] of taken) expect(Buffer.from(bytes)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each(['FIRST_USE', 'SECOND_USE'] as const)(
    'finds strings again, few or many, with places from %s on',
    (places) => {
      const strings = new StringTable(places);
      const content = new ByteWriter(strings);
      const names = Array.from({ length: 40 }, (_, index) => `name ${index}`);
      for (const _ of [1, 2, 3]) for (const name of names) content.string(name);
      const writer = new ByteWriter(strings);
      writer.varint(strings.table.length);
      for (const name of strings.table) writer.text(name);
      writer.copyOf(content);

      const reader = new ByteReader(writer.take(), 'a table', 0, places);
      if (places === 'SECOND_USE') reader.table();
      else expect(reader.varint()).toBe(0);
      for (const _ of [1, 2, 3]) expect(names.map(() => reader.string())).toEqual(names);
      expect(strings.table).toHaveLength(places === 'SECOND_USE' ? 40 : 0);
      expect(reader.isAtEnd).toBe(true);
    },
  );
});

describe('a reader', () => {
  it.each([
    ['is larger than any that is safe', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['never ends', Array.from({ length: 200 }, () => 0x80)],
    ['ends late', [...Array.from({ length: 200 }, () => 0x80), 1]],
    ['is cut short', [0x80]],
  ])('refuses an integer that %s', (_, bytes) => {
    const reader = new ByteReader(Uint8Array.from(bytes), 'an integer', 0, 'FIRST_USE');
    expect(() => reader.varint()).toThrow(MalformedBytesError);
  });

  it('reads no further than what it entered, and what it knows nothing of there it skips', () => {
    const bytes = Uint8Array.of(5, 1, 7, 2, 0, 0, 9, 0x80);
    const reader = new ByteReader(bytes, 'something', 0, 'FIRST_USE');
    const outer = reader.enter(reader.varint());
    expect(reader.varint()).toBe(1);
    reader.leave(outer);
    expect(reader.varint()).toBe(9);
    const inner = reader.enter(1);
    expect(() => reader.varint()).toThrow(/too early/);
    expect(inner).toBe(bytes.length);
  });
});
