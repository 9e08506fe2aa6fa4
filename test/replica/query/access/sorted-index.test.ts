import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareEntries,
  type IndexEntry,
  KeptIndex,
  layOver,
  type SortedIndex,
} from '../../../../replica/query/access/sorted-index.ts';
import { fieldReader } from '../../../../replica/query/filters/fields.ts';
import type { Key } from '../../../../replica/query/filters/key-set.ts';
import type { StoredDocument } from '../../../../replica/query/stored-document.ts';
import { compareValues } from '../../../../replica/values/value.ts';
import { assertProperty } from '../properties.ts';
import { ids } from '../queries.ts';
import { documentFields, paths, Store, things, values, type Write } from '../store.ts';

const writes: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ kind: fc.constant('upsert'), id: fc.constantFrom(...ids), fields: documentFields }),
  fc.record({ kind: fc.constantFrom('remove', 'evict'), id: fc.constantFrom(...ids) }),
);
const histories = fc.array(fc.array(writes, { minLength: 1, maxLength: 5 }), { maxLength: 6 });
/** Some are equal, and not the same. */
const equalKeys: readonly Key[] = [undefined, 0, -0, 2 ** 60, 2n ** 60n, 'a', '\uffff', '\u{10000}', [], [], [1], [1]];
const indexedPaths = fc.oneof(paths, fc.constant(['_id']));

function entriesOf(documents: readonly StoredDocument[], path: readonly string[]): IndexEntry[] {
  const read = fieldReader(path);
  return documents.map((document) => ({ key: read(document), id: document.id })).sort(compareEntries);
}

/** All that can be asked of an index, of the one that has these entries. */
function expectEntries(index: SortedIndex, entries: readonly IndexEntry[], key: Key, id: string): void {
  expect(index.length).toBe(entries.length);
  expect([...index.ids(0, index.length)]).toEqual(entries.map((entry) => entry.id));
  const half = entries.length >>> 1;
  expect([...index.ids(half, index.length)]).toEqual(entries.slice(half).map((entry) => entry.id));
  entries.forEach((entry, place) => {
    expect(index.idAt(place)).toBe(entry.id);
    expect(compareValues(index.keyAt(place), entry.key)).toBe(0);
  });
  const before = (other: IndexEntry) => compareEntries(other, { key, id }) < 0;
  expect(index.countWhile((otherKey, otherId) => before({ key: otherKey, id: otherId }))).toBe(
    entries.filter(before).length,
  );
}

describe('a sorted index', () => {
  it('L19: has every document that is shown, by its key and then its id, after every change', () => {
    assertProperty(
      fc.property(indexedPaths, histories, values, fc.constantFrom(...ids), (path, history, key, id) => {
        const store = new Store([path]);
        for (const turn of history) {
          store.turn(turn);
          const index = store.index('things', path);
          if (index !== undefined) expectEntries(index, entriesOf(things(store), path), key, id);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('L19: has every document in its place where it is made of many at once, whatever their keys', () => {
    const keys = fc.oneof({ weight: 4, arbitrary: fc.constantFrom<Key>(...equalKeys) }, values);
    const byId = fc.uniqueArray(fc.tuple(fc.oneof(fc.constantFrom(...ids), fc.string()), keys), {
      selector: ([id]) => id,
      maxLength: 40,
    });
    assertProperty(
      fc.property(byId, values, fc.constantFrom(...ids), (documents, key, id) => {
        const entries = documents.map(([each, keyOfEach]) => ({ key: keyOfEach, id: each })).sort(compareEntries);
        const all = documents.map(([each]) => each);
        const byKey = new KeptIndex(
          all,
          documents.map(([, keyOfEach]) => keyOfEach),
        );
        expectEntries(byKey, entries, key, id);
        const ownKeys = all.map((each) => ({ key: each, id: each })).sort(compareEntries);
        expectEntries(new KeptIndex(all), ownKeys, key, id);
      }),
      { numRuns: 300 },
    );
  });

  it('L20: is what readers see who are shown some documents otherwise, also one over the other', () => {
    const seen = fc.dictionary(fc.constantFrom(...ids), fc.option(documentFields, { nil: undefined }));
    assertProperty(
      fc.property(
        indexedPaths,
        histories,
        fc.array(seen, { maxLength: 3 }),
        values,
        fc.constantFrom(...ids),
        (path, history, layers, key, id) => {
          const store = new Store([path]);
          for (const turn of history) store.turn(turn);
          let index = store.index('things', path);
          let shown = new Map(things(store).map((document) => [document.id, document]));
          for (const layer of layers) {
            if (index === undefined) return;
            const above = new Map(shown);
            for (const [changed, fields] of Object.entries(layer)) {
              const other = new Store();
              if (fields !== undefined) other.turn([{ kind: 'upsert', id: changed, fields }]);
              const document = other.get('things', changed);
              if (document === undefined) above.delete(changed);
              else above.set(changed, document);
            }
            const beneath = shown;
            const pairs = Object.keys(layer).map((name) => [beneath.get(name), above.get(name)] as const);
            index = layOver(index, fieldReader(path), pairs);
            expectEntries(index, entriesOf([...above.values()], path), key, id);
            shown = above;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
