import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ChunkWindow } from '../../../uploads/transfer/chunk-window.ts';

const sha256 = '';

it('T4: gathers every byte once, in order, however chunks come, and never more than the window of them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 300 }),
      fc.nat(299),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
      (size, first, chunkBytes, chunks, picks) => {
        const window = new ChunkWindow(Math.min(first, size), size, chunkBytes, chunks);
        let written = Math.min(first, size);
        let turn = 0;
        while (written < size) {
          window.advance(written);
          expect(window.wanted.length).toBeLessThanOrEqual(chunks);
          const { wanted } = window;
          const next = wanted[(picks[turn % picks.length] ?? 0) % Math.max(1, wanted.length)];
          turn += 1;
          if (next !== undefined) {
            expect(next.offset + next.length).toBeLessThanOrEqual(written + chunks * chunkBytes);
            const chunk = { sha256, offset: next.offset, bytes: new Uint8Array(next.length) };
            expect([window.accept(chunk), window.accept(chunk)]).toEqual([true, false]);
          }
          for (let bytes = window.take(written); bytes !== undefined; bytes = window.take(written))
            written += bytes.length;
        }
        expect([written, window.advance(written), window.wanted]).toEqual([size, [], []]);
      },
    ),
  );
});

it('accepts no chunk of another place or length than it asked for', () => {
  const window = new ChunkWindow(0, 25, 10, 3);
  expect(window.advance(0)).toEqual([
    { offset: 0, length: 10 },
    { offset: 10, length: 10 },
    { offset: 20, length: 5 },
  ]);

  expect(window.accept({ sha256, offset: 5, bytes: new Uint8Array(10) })).toBe(false);
  expect(window.accept({ sha256, offset: 0, bytes: new Uint8Array(11) })).toBe(false);
  expect(window.accept({ sha256, offset: 20, bytes: new Uint8Array(10) })).toBe(false);
  expect(window.take(0)).toBeUndefined();
});
