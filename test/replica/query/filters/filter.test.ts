import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter, type Filter } from '../../../../replica/query/filters/filter.ts';
import { AttachmentToken } from '../../../../replica/values/value.ts';
import { assertProperty } from '../properties.ts';
import { filters, holds, ids } from '../queries.ts';
import { documentFields, idsOf, Store, storeOf, things } from '../store.ts';

const cars = storeOf({
  audi: { doors: 4, owner: null, tags: ['red', 2] },
  bmw: { doors: '4' },
  fiat: { owner: 'anna', doors: 2, photo: new AttachmentToken('one') },
  vw: { doors: 4.5, owner: 'bert', spare: true, at: { town: 'Bern' } },
});

const matches = (filter: Filter) => idsOf(things(cars).filter(compileFilter(filter))).sort();

describe('compileFilter', () => {
  it('L6: where nothing is at a path, only exists: false and not hold', () => {
    const path = ['owner'];
    expect(matches({ kind: 'exists', path, value: false })).toEqual(['bmw']);
    expect(matches({ kind: 'exists', path, value: true })).toEqual(['audi', 'fiat', 'vw']);
    expect(matches({ kind: 'ne', path, value: 'anna' })).toEqual(['audi', 'vw']);
    expect(matches({ kind: 'not', filter: { kind: 'eq', path, value: 'anna' } })).toEqual(['audi', 'bmw', 'vw']);
  });

  it('L6: null is a value, equal to null', () => {
    expect(matches({ kind: 'eq', path: ['owner'], value: null })).toEqual(['audi']);
    expect(matches({ kind: 'gte', path: ['owner'], value: null })).toEqual(['audi']);
    expect(matches({ kind: 'in', path: ['owner'], values: [null, 'bert'] })).toEqual(['audi', 'vw']);
  });

  it('L7: gt, gte, lt and lte compare within one type', () => {
    expect(matches({ kind: 'gt', path: ['doors'], value: 3 })).toEqual(['audi', 'vw']);
    expect(matches({ kind: 'lte', path: ['doors'], value: 4 })).toEqual(['audi', 'fiat']);
    expect(matches({ kind: 'gte', path: ['doors'], value: '' })).toEqual(['bmw']);
    expect(matches({ kind: 'gt', path: ['spare'], value: false })).toEqual(['vw']);
  });

  it('L7: compares integers of any size exactly with floats', () => {
    const numbers = storeOf({
      float: { n: 2 ** 60 },
      same: { n: 2n ** 60n },
      more: { n: 2n ** 60n + 1n },
      zero: { n: -0 },
    });
    const found = (filter: Filter) => idsOf(things(numbers).filter(compileFilter(filter))).sort();
    expect(found({ kind: 'eq', path: ['n'], value: 2n ** 60n })).toEqual(['float', 'same']);
    expect(found({ kind: 'in', path: ['n'], values: [2 ** 60, 7] })).toEqual(['float', 'same']);
    expect(found({ kind: 'gt', path: ['n'], value: 2 ** 60 })).toEqual(['more']);
    expect(found({ kind: 'in', path: ['n'], values: [0] })).toEqual(['zero']);
  });

  it('finds substrings, members, beginnings, attachments and what lies in objects', () => {
    expect(matches({ kind: 'contains', path: ['owner'], value: 'er' })).toEqual(['vw']);
    expect(matches({ kind: 'contains', path: ['tags'], value: 2 })).toEqual(['audi']);
    expect(matches({ kind: 'contains', path: ['tags'], value: 're' })).toEqual([]);
    expect(matches({ kind: 'startsWith', path: ['_id'], value: 'b' })).toEqual(['bmw']);
    expect(matches({ kind: 'eq', path: ['photo'], value: new AttachmentToken('one') })).toEqual(['fiat']);
    expect(matches({ kind: 'eq', path: ['at', 'town'], value: 'Bern' })).toEqual(['vw']);
    expect(matches({ kind: 'exists', path: ['_id', 'x'], value: true })).toEqual([]);
  });

  it('holds for everything where there is no filter or no member, and for nothing where there is no alternative', () => {
    expect(things(cars).every(compileFilter(undefined))).toBe(true);
    expect(matches({ kind: 'and', filters: [] })).toHaveLength(4);
    expect(matches({ kind: 'or', filters: [] })).toEqual([]);
  });

  it('L6, L7: means what the contract says, for documents and filters of every type', () => {
    assertProperty(
      fc.property(documentFields, fc.constantFrom(...ids), filters, (fields, id, filter) => {
        const store = new Store();
        store.turn([{ kind: 'upsert', id, fields }]);
        for (const document of things(store)) expect(compileFilter(filter)(document)).toBe(holds(filter, document));
      }),
      { numRuns: 1_000 },
    );
  });
});
