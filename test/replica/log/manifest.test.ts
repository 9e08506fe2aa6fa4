import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markAtStart } from '../../../replica/log/entry.ts';
import { decodeManifest, encodeManifest } from '../../../replica/log/manifest.ts';
import { seal } from '../../../replica/log/sealed.ts';
import type { Generation, Manifest } from '../../../replica/log/snapshots.ts';

const generation = (name: string, position: number): Generation => ({
  name: name.repeat(32),
  begin: { log: 'log', position, mark: markAtStart(`${position}`) },
  chunks: 3,
  bytes: 12_345,
  origins: new Map([
    ['a.x', 17],
    ['b.x', 4],
  ]),
});
const manifest: Manifest = {
  generation: { ...generation('b', 99), skipped: [{ origin: 'b.x', after: 1, upTo: 3 }] },
  before: generation('a', 50),
  closedLogs: [{ log: 'older', position: 31, marks: [{ position: 31, mark: markAtStart('31') }] }],
};

describe('P20: the manifest as bytes', () => {
  it('is what it was when it is read again', () => {
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
    const first = { ...manifest, before: undefined, closedLogs: [] };
    expect(decodeManifest(encodeManifest(first))).toEqual(first);
  });

  it('is refused when any one byte is another', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = encodeManifest(manifest);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ change;
        expect(() => decodeManifest(bytes)).toThrow(/malformed|of format/);
      }),
    );
  });

  it.each([
    ['no JSON', 'x'],
    ['no object', '[]'],
    ['no generation', '{"closedLogs":[]}'],
  ])('is refused with %s in it', (_, body) => {
    const { name, begin, chunks } = manifest.generation;
    const fields = [name, begin.log, begin.position, begin.mark, chunks];
    expect(() => decodeManifest(seal(1, fields, Buffer.from(body)))).toThrow(/malformed/);
  });
});
