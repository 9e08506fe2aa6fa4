import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePrecedes, type OrderField, sortDocuments } from '../../../../replica/query/filters/order.ts';
import { AttachmentToken } from '../../../../replica/values/value.ts';
import { assertProperty } from '../properties.ts';
import { freshly, ids, orders } from '../queries.ts';
import { documentFields, idsOf, storeOf, things } from '../store.ts';

const by = (path: string, direction: 'ASC' | 'DESC' = 'ASC'): OrderField => ({ path: [path], direction });

describe('orders', () => {
  it('L8: go across types as the contract lists them', () => {
    const store = storeOf({
      attachment: { a: new AttachmentToken('one') },
      object: { a: { x: 1 } },
      array: { a: [1] },
      smile: { a: '\u{1f600}' },
      halfwidth: { a: '\uffee' },
      upper: { a: 'B' },
      large: { a: 2n ** 63n },
      zero: { a: 0 },
      minus: { a: -1.5 },
      true: { a: true },
      false: { a: false },
      null: { a: null },
      nothing: { b: 1 },
    });
    const rising = ['nothing', 'null', 'false', 'true', 'minus', 'zero', 'large', 'upper', 'halfwidth', 'smile'];
    rising.push('array', 'object', 'attachment');
    expect(idsOf(sortDocuments(things(store), [by('a')]))).toEqual(rising);
    expect(idsOf(sortDocuments(things(store), [by('a', 'DESC')]))).toEqual(rising.reverse());
  });

  it('L8: break ties by _id, rising by code point, whatever the direction', () => {
    const store = storeOf({ '\u{1f600}': { a: 1 }, '\uffee': { a: 1 }, b: { a: 1 }, B: { a: 1 } });
    for (const order of [[], [by('a')], [by('a', 'DESC')], [by('nothing', 'DESC')]]) {
      expect(idsOf(sortDocuments(things(store), order))).toEqual(['B', 'b', '\uffee', '\u{1f600}']);
    }
    expect(idsOf(sortDocuments(things(store), [by('_id', 'DESC')]))).toEqual(['\u{1f600}', '\uffee', 'b', 'B']);
  });

  it('L8: are total, and the same however documents are compared', () => {
    assertProperty(
      fc.property(fc.dictionary(fc.constantFrom(...ids), documentFields), orders, (documents, order) => {
        const all = things(storeOf(documents));
        const sorted = sortDocuments(all, order);
        expect(idsOf(sorted)).toEqual(idsOf(freshly(all, undefined, order)));
        const precedes = compilePrecedes(order);
        for (const [index, a] of sorted.entries()) {
          for (const [other, b] of sorted.entries()) expect(precedes(b)(a)).toBe(index < other);
        }
      }),
      { numRuns: 300 },
    );
  });
});
