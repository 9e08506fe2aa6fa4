import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileOrder, sortDocuments } from '../../../replica/query/order.ts';
import { editSorted, placeIn } from '../../../replica/query/sorted-documents.ts';
import { idsOf, type Store, storeOf, things } from './store.ts';

const named = (names: readonly number[]): Store =>
  storeOf(Object.fromEntries(names.map((name) => [`d${String(name).padStart(3, '0')}`, {}])));

describe('editSorted', () => {
  it('L1: leaves what sorting again would, for few changes and for many', () => {
    const names = fc.uniqueArray(fc.nat(150), { maxLength: 100 });
    fc.assert(
      fc.property(names, names, fc.nat(3), (before, after, keepOneOf) => {
        const compare = compileOrder([]);
        const sorted = sortDocuments(things(named(before)), []);
        const kept = new Set(before.filter((name) => keepOneOf > 0 && name % keepOneOf === 0));
        const leaving = [...sorted.keys()].filter((index) => !kept.has(Number(sorted[index]?.id.slice(1))));
        const coming = sortDocuments(things(named(after.filter((name) => !kept.has(name)))), []);
        const wanted = idsOf(things(named([...new Set([...kept, ...after])]))).sort();
        const arriving = coming.map((document) => ({ place: placeIn(sorted, document, compare), document }));
        editSorted(sorted, { leaving, arriving });
        expect(idsOf(sorted)).toEqual(wanted);
      }),
      { numRuns: 500 },
    );
  });
});
