import { describe, expect, it } from 'vitest';
import type { StoredDocument } from '../../replica/documents.ts';
import { DocumentList } from '../../replica/query/document-list.ts';
import type { ResultChange } from '../../replica/query/live-query.ts';
import { type LiveResult, mergeResults } from '../../resolvers/live.ts';
import { writtenDocument } from './written-document.ts';

const none = { inserted: [], updated: [], removed: [], moved: [] };

function inserting(before: readonly StoredDocument[], document: StoredDocument): ResultChange {
  const inserted = [{ index: before.length, document }];
  return { ...none, before: DocumentList.of(before), after: DocumentList.of([...before, document]), inserted };
}

function removing(before: readonly StoredDocument[]): ResultChange {
  const index = before.length - 1;
  return {
    ...none,
    before: DocumentList.of(before),
    after: DocumentList.of(before.slice(0, -1)),
    removed: [{ index, id: before[index]?.id ?? '', reason: 'REMOVED' }],
  };
}

const event = (change: ResultChange, token: string, initial = false): LiveResult => ({
  change,
  token,
  initial,
  merged: 1,
});

describe('merged events of a live query', () => {
  const a = writtenDocument('cars', 'a', { n: 1 });
  const b = writtenDocument('cars', 'b', { n: 2 });

  it('are one change with the newest token, and count what was merged', () => {
    const first = event(inserting([], a), '1');
    const second = event(inserting([a], b), '2');
    const third = event(removing([a, b]), '3');
    const both = mergeResults(first, second);
    expect(both).toMatchObject({ merged: 2, token: '2', initial: false });
    expect(both?.change.inserted.map(({ document }) => document.id)).toEqual(['a', 'b']);
    expect(both && mergeResults(both, third)).toMatchObject({
      merged: 3,
      token: '3',
      change: { inserted: [{ index: 0 }] },
    });
  });

  it('are none where the second takes the first back', () => {
    expect(mergeResults(event(inserting([], a), '1'), event(removing([a]), '2'))).toBeUndefined();
  });

  it('keep the first event, which always comes', () => {
    const initial = event(inserting([], a), '1', true);
    const gone = mergeResults(initial, event(removing([a]), '2'));
    expect(gone).toMatchObject({ initial: true, merged: 2, token: '2', change: none });
    expect(gone?.change.after.length).toBe(0);
    const both = mergeResults(initial, event(inserting([a], b), '2'));
    expect(both).toMatchObject({ initial: true, change: { inserted: [{ index: 0 }, { index: 1 }] } });
    expect(Array.from(both?.change.after ?? [], ({ id }) => id)).toEqual(['a', 'b']);
  });
});
