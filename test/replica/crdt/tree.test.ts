import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DocumentNode } from '../../../replica/crdt/document-node.ts';
import { MapNode } from '../../../replica/crdt/map-node.ts';
import { livenessOf, nodeOf } from '../../../replica/crdt/node.ts';
import { Shape } from '../../../replica/crdt/shape.ts';
import { makeStamp, type Stamp } from '../../../replica/crdt/stamp.ts';
import { RegisterNode } from '../../../replica/crdt/tree.ts';
import type { Value } from '../../../replica/values/value.ts';

const stampAt = (number: number): Stamp => makeStamp(undefined, 0, 'ann.a1b2c3d4', number, number, number === 0);
const stamps = [0, 1, 2].map(stampAt);

const values = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant<Value>(null),
  fc.constant<Value>(2n ** 60n),
  fc.array(fc.integer(), { maxLength: 2 }),
);
const registers = fc
  .tuple(fc.constantFrom(...stamps), values)
  .map(([stamp, value]): DocumentNode => new RegisterNode(stamp, value));
const siblings = fc.tuple(values, values).map(([a, b]): DocumentNode => {
  const node = nodeOf(
    [2, 1].map((number, index) => ({ stamp: stampAt(number), value: [a, b][index] ?? null })),
    undefined,
    undefined,
  );
  if (!node) throw new Error('it has registers');
  return node;
});
const emptyMaps = fc.constantFrom(...stamps).map((stamp): DocumentNode => MapNode.empty(stamp, [stamp]));
const nodes = fc.oneof({ arbitrary: registers, weight: 4 }, siblings, emptyMaps);

/** More keys than a small map holds. */
const keys = fc.integer({ min: 0, max: 24 }).map((number) => `key ${number}`);
const steps = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('set' as const), key: keys, node: nodes }), weight: 6 },
  {
    arbitrary: fc.record({
      kind: fc.constant('assign' as const),
      key: keys,
      stamp: fc.constantFrom(...stamps.slice(1)),
      value: values,
      sees: fc.boolean(),
    }),
    weight: 3,
  },
  { arbitrary: fc.record({ kind: fc.constant('delete' as const), key: keys }), weight: 2 },
  { arbitrary: fc.record({ kind: fc.constantFrom('copy' as const, 'compact' as const) }), weight: 1 },
);

function expectSame(map: MapNode, model: ReadonlyMap<string, DocumentNode>): void {
  expect([...map]).toEqual([...model]);
  expect([...map.children.keys()]).toEqual([...model.keys()]);
  expect(map.size).toBe(model.size);
  const liveness = [...model.values()].map(livenessOf);
  expect(map.liveChildren).toBe(liveness.filter((live) => live > 0).length);
  expect(map.realChildren).toBe(liveness.filter((live) => live === 3).length);
  const visited: [string, DocumentNode][] = [];
  map.forEach(
    (key, node) => {
      visited.push([key, node]);
    },
    (key, value, stamp) => {
      visited.push([key, new RegisterNode(stamp, value)]);
    },
  );
  expect(visited).toEqual([...model]);
}

/** As an Edit assigns: at once where nothing else is there, else by a node. */
function assign(map: MapNode, key: string, stamp: Stamp, value: Value, sees: boolean): void {
  const was = map.get(key);
  const place = map.placeFor(key, { ...stampedBy(stamp), covers: () => sees });
  if (place >= 0) map.putRegister(key, place, stamp, value);
  else if (was === undefined) map.setRegister(key, stamp, value);
  else map.setChild(key, new RegisterNode(stamp, value), livenessOf(was), 3);
}

const stampedBy = ({ log, position, origin, number, time }: Stamp) => ({ log, position, origin, number, time });

describe('a map in memory', () => {
  it('is what a Map would be after the same changes, and so are its former copies', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.nat(20),
        nodes,
        fc.array(steps, { maxLength: 80 }),
        (present, size, node, changes) => {
          let map = present ? MapNode.present(stampAt(1)) : MapNode.empty(stampAt(1), []);
          const model = new Map<string, DocumentNode>();
          const former: [MapNode, ReadonlyMap<string, DocumentNode>][] = [];
          for (let key = 0; key < size; key++) {
            map.setChild(`key ${key}`, node, 0, livenessOf(node));
            model.set(`key ${key}`, node);
          }
          for (const step of changes) {
            if (step.kind === 'set') {
              map.setChild(step.key, step.node, livenessOf(model.get(step.key)), livenessOf(step.node));
              model.set(step.key, step.node);
              expect(map.get(step.key)).toEqual(step.node);
            } else if (step.kind === 'assign') {
              assign(map, step.key, step.stamp, step.value, step.sees);
              model.set(step.key, new RegisterNode(step.stamp, step.value));
              expect(map.get(step.key)).toEqual(model.get(step.key));
            } else if (step.kind === 'delete') {
              map.deleteChild(step.key, livenessOf(model.get(step.key)));
              model.delete(step.key);
              expect(map.get(step.key)).toBeUndefined();
            } else if (step.kind === 'compact') {
              map.compact();
            } else {
              former.push([map, new Map(model)]);
              map = map.copy();
            }
          }
          for (const [copied, then] of [...former, [map, model] as const]) expectSame(copied, then);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is assigned to at once where a register stands that was seen, and where nothing stands', () => {
    const seeing = (covers: boolean) => ({ ...stampedBy(stampAt(2)), covers: () => covers });
    const map = MapNode.present(stampAt(1));
    map.putRegister('a', map.placeFor('a', seeing(false)), stampAt(1), 1);
    map.putRegister('b', map.placeFor('b', seeing(false)), stampAt(2), 2);
    expect(['a', 'b', 'c'].map((key) => map.placeFor(key, seeing(true)))).toEqual([0, 1, 2]);
    expect(['a', 'b', 'c'].map((key) => map.placeFor(key, seeing(false)))).toEqual([-1, -1, 2]);
    map.setChild('c', MapNode.present(stampAt(1)), 0, 3);
    expect(map.placeFor('c', seeing(true))).toBe(-1);
    map.setChild('d', new RegisterNode(stampAt(0), 1), 0, 1);
    expect(['a', 'd', 'e'].map((key) => map.placeFor(key, seeing(true)))).toEqual([0, -1, 4]);
  });

  it('tells who touched it last, by an entry in it or by the name alone', () => {
    const map = MapNode.present(stampAt(1));
    map.setChild('a', new RegisterNode(stampAt(2), 1), 0, 3);
    for (const lastWriter of [
      { origin: 'ann.a1b2c3d4', number: 1 },
      { origin: 'ann.a1b2c3d4', number: 2 },
      { origin: 'ann.a1b2c3d4', number: 3 },
      { origin: 'bob.a1b2c3d4', number: 2 },
    ]) {
      map.setLastWriter(makeStamp('log', lastWriter.number, lastWriter.origin, lastWriter.number, 1000, false));
      expect(map.lastWriter).toEqual(lastWriter);
    }
  });

  it('keeps its presence, of none, one or more', () => {
    for (const presence of [[], [stampAt(1)], [stampAt(2), stampAt(1)]]) {
      for (const map of [MapNode.empty(stampAt(1), presence), MapNode.empty(stampAt(1), [stampAt(1)])]) {
        map.setPresence(presence);
        expect(map.presence).toEqual(presence);
        expect(map.copy().hasPresence).toBe(presence.length > 0);
      }
    }
  });
});

describe('keys of small maps', () => {
  const shapeOf = (names: readonly string[]): Shape => names.reduce((shape, key) => shape.with(key), Shape.empty);

  it('are one object for all maps with the same keys', () => {
    const names = ['make', 'color', 'price'];
    expect(shapeOf(names)).toBe(shapeOf(names));
    expect(shapeOf(['make', 'price', 'color'])).not.toBe(shapeOf(names));
    expect(shapeOf(names).without(1)).toBe(shapeOf(['make', 'price']));
  });

  it('are found, few or many', () => {
    const names = Array.from({ length: 16 }, (_, index) => `key ${index}`);
    for (const length of [0, 1, 8, 9, 16]) {
      const shape = shapeOf(names.slice(0, length));
      expect(names.map((name) => shape.indexOf(name))).toEqual(names.map((_, index) => (index < length ? index : -1)));
    }
  });

  it('are right after more of them than are remembered', () => {
    const before = shapeOf(['make', 'color']);
    for (let index = 0; index < 10_000; index++) {
      expect(Shape.empty.with(`one of many ${index}`).keys).toEqual([`one of many ${index}`]);
    }
    expect(shapeOf(['make', 'color'])).not.toBe(before);
    expect(before.with('price').keys).toEqual(['make', 'color', 'price']);
    expect(before.without(0).keys).toEqual(['color']);
  });
});
