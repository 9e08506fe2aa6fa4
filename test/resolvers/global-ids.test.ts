import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import { decodeGlobalId, encodeGlobalId } from '../../resolvers/global-ids.ts';

const names = fc.string({ unit: 'binary', minLength: 1 }).filter((name) => !/[\p{Cc}\p{Cs}]/u.test(name));
const ids = fc.string({ unit: 'binary', minLength: 1 }).filter((id) => !/\p{Cs}/u.test(id));
const named = fc.record({ view: fc.constantFrom('document' as const, 'typed' as const), collection: names, id: ids });

describe('global ids', () => {
  it('name view, collection and id, and are safe in a URL', () => {
    fc.assert(
      fc.property(named, (parts) => {
        const id = encodeGlobalId(parts);
        expect(id).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(decodeGlobalId(id)).toEqual(parts);
      }),
    );
  });

  it('are as long as names and ids may be, and longer text is none', () => {
    const parts = { view: 'document', collection: '😀'.repeat(limits.collectionCharacters) } as const;
    const longest = { ...parts, id: 'x'.repeat(limits.idBytes) };
    expect(decodeGlobalId(encodeGlobalId(longest))).toEqual(longest);
    expect(decodeGlobalId(encodeGlobalId({ ...parts, id: 'x'.repeat(limits.idBytes + 1) }))).toBeUndefined();
  });

  it('are one for each, and no other text is one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const decoded = decodeGlobalId(text);
        expect(decoded === undefined || encodeGlobalId(decoded) === text).toBe(true);
      }),
    );
    for (const text of ['', 'x', 'document', `${encodeGlobalId({ view: 'typed', collection: 'a', id: 'b' })}=`]) {
      expect(decodeGlobalId(text)).toBeUndefined();
    }
  });
});
