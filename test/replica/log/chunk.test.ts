import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyOperations, documentValue } from '../../../replica/crdt/document.ts';
import { type Chunk, chunkOf, decodeStoredChunk, encodeStoredChunk } from '../../../replica/log/chunk.ts';
import { markAtStart } from '../../../replica/log/entry.ts';

const label = { log: 'log', position: 42, mark: markAtStart('log') };
const generation = 'a'.repeat(32);

function document(id: string) {
  const writer = { origin: 'a.x', number: 7, time: 1_000, log: 'log', position: 3, covers: () => true };
  const state = applyOperations(
    undefined,
    [{ kind: 'assign', path: ['name'], value: id, isDefault: false, floors: [] }],
    writer,
  );
  if (!state) throw new Error('nothing was written');
  return { collection: 'cars', id, state };
}

const plain = (chunk: Chunk) => ({
  ...chunk,
  records: chunk.records.map(({ collection, id, state }) => ({ collection, id, value: documentValue(state) })),
});

describe('P26: a chunk as bytes', () => {
  const removed = [{ collection: 'cars', id: 'opel', position: 41, time: 2_000_000 }];
  const chunk: Chunk = { generation, index: 3, label, records: [document('vw'), document('bmw')], removed };

  it('is what it was when it is read again', () => {
    expect(plain(decodeStoredChunk(encodeStoredChunk(chunk)))).toEqual(plain(chunk));
    const empty = { ...chunk, records: [], removed: [] };
    expect(decodeStoredChunk(encodeStoredChunk(empty))).toEqual(empty);
  });

  it('begins with lines that a script can read', () => {
    const [format, log, position, mark, ofGeneration, index] = encodeStoredChunk(chunk).toString('latin1').split('\n');
    expect([format, log, position, mark, ofGeneration, index]).toEqual([
      '1',
      'log',
      '42',
      createHash('sha1').update('log').digest('hex'),
      generation,
      '3',
    ]);
  });

  it('is refused when any one byte is another', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = encodeStoredChunk(chunk);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ change;
        expect(() => decodeStoredChunk(bytes)).toThrow(/malformed|of format/);
      }),
    );
  });
});

describe('P27: the chunk of a document', () => {
  it('is by FNV-1a over collection, a zero and id, in code units', () => {
    // Worked out apart from this code, over the bytes of UTF-16LE.
    const byBytes = (text: string) => {
      let hash = 0x811c9dc5n;
      for (const byte of Buffer.from(text, 'utf16le')) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
      return hash;
    };
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 1, max: 5_000 }),
        (collection, id, chunks) => {
          expect(BigInt(chunkOf(collection, id, chunks))).toBe(byBytes(`${collection}\0${id}`) % BigInt(chunks));
        },
      ),
    );
  });

  it('is any of them about as often', () => {
    const counts = new Array<number>(10).fill(0);
    for (let id = 0; id < 10_000; id++) {
      const chunk = chunkOf('cars', `car-${id}`, 10);
      counts[chunk] = (counts[chunk] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
  });
});
