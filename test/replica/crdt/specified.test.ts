/** docs/internals/codec.md says all that a reader needs: one that was written from it reads what the product writes. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeChunk } from '../../../replica/codec/chunk-codec.ts';
import { encodeBatch, encodeDelta } from '../../../replica/codec/delta-codec.ts';
import { encodeDocument } from '../../../replica/codec/document-codec.ts';
import type { Counter } from '../../../replica/crdt/counter.ts';
import type { Delta, Floor, Totals, WireOperation } from '../../../replica/crdt/delta.ts';
import type { DocumentNode, DocumentState } from '../../../replica/crdt/document-node.ts';
import type { Stamp as StampOfTree } from '../../../replica/crdt/stamp.ts';
import { AttachmentToken, isValueObject, type Value } from '../../../replica/values/value.ts';
import { Specified, type Stamp } from './specified.ts';
import { batches, deltas, states } from './wire.ts';

const plainValue = (value: Value): unknown => {
  if (Array.isArray(value)) return value.map(plainValue);
  if (value instanceof AttachmentToken) return { attachment: value.id };
  if (isValueObject(value)) return { object: Object.entries(value).map(([key, member]) => [key, plainValue(member)]) };
  return value;
};

const plainTotals = ({ up, down }: Totals) => [up, down];
const plainFloors = (floors: readonly Floor[]) =>
  floors.map(({ path, origin, birth, up, down }) => [path, origin, birth, up, down]);

function plainOperation(operation: WireOperation) {
  const { path } = operation;
  switch (operation.kind) {
    case 'assign':
      return ['assign', path, operation.isDefault, plainValue(operation.value), plainFloors(operation.floors)];
    case 'makeMap':
      return ['makeMap', path, operation.isDefault];
    case 'makeCounter':
      return ['makeCounter', path, operation.isDefault, operation.base];
    case 'increment': {
      const { isDefault, birth, before, after } = operation;
      return ['increment', path, isDefault, birth, plainTotals(before), plainTotals(after)];
    }
    case 'remove':
      return ['remove', path, plainFloors(operation.floors)];
  }
}

const plainDelta = ({ origin, number, time, context, placed, operations }: Delta) => ({
  origin,
  number,
  time,
  context: { ...context, others: [...context.others].sort(([a], [b]) => (a < b ? -1 : 1)) },
  placed: placed && [placed.log, placed.position],
  documents: operations.map((touched) => ({ ...touched, operations: touched.operations.map(plainOperation) })),
});

const plainStamp = ({ log, position, origin, number, time, isDefault }: StampOfTree): Stamp => [
  log,
  position,
  origin,
  number,
  time,
  isDefault,
];

const some = <Item>(list: readonly Item[]) => (list.length === 0 ? undefined : list);

const noCounter: Counter = { presence: [], bases: [], cells: [] };

function plainNode({ registers, map, counter }: DocumentNode): unknown {
  const { presence, bases, cells } = counter ?? noCounter;
  return {
    registers: some(registers.map(({ stamp, value }) => [plainStamp(stamp), plainValue(value)])),
    presence: some((map?.presence ?? []).map(plainStamp)),
    children: some([...(map?.children ?? [])].map(([key, child]) => [key, plainNode(child)])),
    counterPresence: some(presence.map(plainStamp)),
    bases: some(bases.map(({ stamp, value }) => [plainStamp(stamp), value])),
    cells: some(
      cells.map(({ origin, birth, up, down, upFloor, downFloor }) => [origin, birth, up, down, upFloor, downFloor]),
    ),
  };
}

const plainState = ({ root, lastStamp }: DocumentState) => ({
  root: plainNode(root),
  lastWriter: plainStamp(lastStamp).slice(0, 4),
});

it('deltas alone are read by a reader that was written from docs/internals/codec.md', () => {
  fc.assert(
    fc.property(deltas, (delta) => {
      const reader = new Specified(encodeDelta(delta), 'DELTAS');
      expect(reader.deltaAlone()).toEqual({ format: 2, ...plainDelta(delta) });
      expect(reader.isAtEnd).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it('bodies of entries are, too', () => {
  fc.assert(
    fc.property(batches, (batch) => {
      const [first] = batch;
      const { shared, frames } = encodeBatch('log', batch);
      const reader = new Specified(Buffer.concat([shared, ...frames]), 'DELTAS');
      const head = { log: 'log', origin: first?.origin ?? '', firstNumber: first?.number ?? 0, count: batch.length };
      expect(reader.body(head)).toEqual({ format: 2, deltas: batch.map(plainDelta) });
      expect(reader.isAtEnd).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it('documents alone are, too', () => {
  fc.assert(
    fc.property(states, (state) => {
      const reader = new Specified(encodeDocument(state), 'DOCUMENTS');
      expect(reader.documentAlone()).toEqual({ format: 3, ...plainState(state) });
      expect(reader.isAtEnd).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it('chunks are, too', () => {
  const records = fc.array(fc.record({ id: fc.string({ unit: 'grapheme' }), state: states }), { maxLength: 6 });
  fc.assert(
    fc.property(records, (written) => {
      const chunk = written.map(({ id, state }) => ({ collection: 'cars', id, state }));
      const reader = new Specified(encodeChunk(chunk), 'DOCUMENTS');
      const expected = chunk.map(({ collection, id, state }) => ({ collection, id, ...plainState(state) }));
      expect(reader.chunk()).toEqual({ format: 2, records: expected });
      expect(reader.isAtEnd).toBe(true);
    }),
    { numRuns: 100 },
  );
});
