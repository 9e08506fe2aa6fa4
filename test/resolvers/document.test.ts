import { describe, expect, it } from 'vitest';
import type { WireOperation } from '../../replica/crdt/delta.ts';
import { applyOperations } from '../../replica/crdt/document.ts';
import type { DocumentState } from '../../replica/crdt/document-node.ts';
import * as document from '../../resolvers/document.ts';

/** Applies what somebody wrote who had seen nothing of the others. */
function writeUnseen(
  state: DocumentState | undefined,
  origin: string,
  milliseconds: number,
  ...operations: WireOperation[]
) {
  const time = milliseconds * 1024;
  return applyOperations(state, operations, {
    origin,
    number: 1,
    time,
    log: 'log',
    position: milliseconds,
    covers: (dot) => dot.origin === origin,
  });
}

const makeMap = (...path: string[]): WireOperation => ({ kind: 'makeMap', path, isDefault: false });
const assign = (value: string | number, ...path: string[]): WireOperation => ({
  kind: 'assign',
  path,
  value,
  floors: [],
  isDefault: false,
});

describe('Document.conflicts', () => {
  it('lists what was written concurrently, with its writers and times', () => {
    let state = writeUnseen(
      undefined,
      'a.00000000',
      1_000,
      makeMap(),
      assign('red', 'color'),
      makeMap('x.y'),
      assign(1, 'x.y', 'z'),
    );
    state = writeUnseen(state, 'b.00000000', 2_000, assign('blue', 'color'), assign(5, 'x.y'));
    if (state === undefined) throw new Error('the document is there');
    const stored = { collection: 'cars', id: 'a', state };

    expect(document.value(stored)).toEqual({ _id: 'a', color: 'blue', 'x.y': { z: 1 } });
    expect(document.updatedAt(stored)).toBe(2_000);
    expect(document.conflicts(stored)).toEqual([
      {
        path: 'color',
        shown: { type: 'REGISTER', value: 'blue', replica: 'b.00000000', writtenAt: 2_000 },
        retained: [{ type: 'REGISTER', value: 'red', replica: 'a.00000000', writtenAt: 1_000 }],
      },
      {
        path: '["x.y"]',
        shown: { type: 'MAP', value: { z: 1 }, replica: 'a.00000000', writtenAt: 1_000 },
        retained: [{ type: 'REGISTER', value: 5, replica: 'b.00000000', writtenAt: 2_000 }],
      },
    ]);
  });
});
