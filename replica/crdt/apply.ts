/**
 * Applies wire operations to a document's tree, one function per kind. docs/internals/data-model.md, section "Wire
 * operations".
 */

import type { Path } from '../values/keypath.ts';
import { countInto, emptyCounter, raiseFloors } from './counter.ts';
import type { Floor, WireOperation } from './delta.ts';
import type { DocumentNode } from './document-node.ts';
import type { Edit } from './map.ts';
import { MapNode } from './map-node.ts';
import { emptyNode, livenessOf, nodeOf } from './node.ts';
import { dropEntries, dropStamps, replaceEntries, replaceStamps } from './stamp.ts';
import { CounterNode, RegisterNode } from './tree.ts';

type Change = (node: DocumentNode) => DocumentNode | undefined;

/**
 * Returns undefined if nothing at all is left (M16). Costs the length of the path plus the size of the subtree at its
 * end.
 */
export function applyOperation(
  root: DocumentNode | undefined,
  operation: WireOperation,
  edit: Edit,
): DocumentNode | undefined {
  const { path } = operation;
  if (operation.kind === 'assign' && path.length === 1 && root instanceof MapNode) {
    const assigned = assignField(root, operation, edit);
    if (assigned !== undefined) return assigned;
  }
  const changed = changeAt(root, path, 0, edit, (node) => changedBy(operation, node, edit));
  if (operation.kind !== 'assign' && operation.kind !== 'remove') return changed;
  return operation.floors.length === 0 ? changed : raise(changed, operation.floors, edit);
}

function changedBy(operation: WireOperation, node: DocumentNode, edit: Edit): DocumentNode | undefined {
  switch (operation.kind) {
    case 'assign':
      return assign(node, operation, edit);
    case 'makeMap':
      return makeMap(node, operation, edit);
    case 'makeCounter':
      return makeCounter(node, operation, edit);
    case 'increment':
      return increment(node, operation, edit);
    case 'remove': // M7
      return edit.dropNode(node);
  }
}

type Of<Kind extends WireOperation['kind']> = Extract<WireOperation, { kind: Kind }>;

/** M3. Writes a register, and drops what the writer had seen at the node and below. */
function assign(node: DocumentNode, { value, isDefault }: Of<'assign'>, edit: Edit): DocumentNode | undefined {
  const own = new RegisterNode(edit.stamp(isDefault), value);
  if (node === emptyNode || (node instanceof RegisterNode && edit.writer.covers(node.stamp))) return own;
  return nodeOf(replaceEntries(node.registers, edit.writer, own), edit.dropMap(node.map), hideCounter(node, edit));
}

/** The fast path of assign, for a field of the root map. Undefined: the operation needs the general path. */
function assignField(root: MapNode, { path, value, floors, isDefault }: Of<'assign'>, edit: Edit): MapNode | undefined {
  const [key] = path;
  return key === undefined || isDefault || floors.length > 0 ? undefined : edit.withRegister(root, key, value);
}

/** M4. Gives the node a map. */
function makeMap(node: DocumentNode, { isDefault }: Of<'makeMap'>, edit: Edit): DocumentNode | undefined {
  if (node === emptyNode) return edit.newMap(edit.stamp(isDefault));
  const presence = replaceStamps(node.map?.presence ?? [], edit.writer, edit.stamp(isDefault));
  const registers = dropEntries(node.registers, edit.writer);
  return nodeOf(registers, edit.withPresence(node.map, presence), hideCounter(node, edit));
}

/** M5. Gives the node a counter. */
function makeCounter(node: DocumentNode, { base, isDefault }: Of<'makeCounter'>, edit: Edit): DocumentNode | undefined {
  const { presence, bases, cells } = node.counter ?? emptyCounter;
  const stamp = edit.stamp(isDefault);
  return nodeOf(dropEntries(node.registers, edit.writer), node.map, {
    presence: replaceStamps(presence, edit.writer, stamp),
    bases: base === undefined ? bases : replaceEntries(bases, edit.writer, { stamp, value: base }),
    cells,
  });
}

/** M6. Counts into a cell of the writer's origin. */
function increment(node: DocumentNode, operation: Of<'increment'>, edit: Edit): DocumentNode | undefined {
  const { birth, before, after, isDefault } = operation;
  if (node instanceof CounterNode && node.isOf(edit.writer.origin, birth) && edit.writer.covers(node))
    return node.counted(edit.stamp(isDefault), after);
  if (node === emptyNode && (after.up > before.up || after.down > before.down))
    return CounterNode.begun(edit.stamp(isDefault), edit.writer.origin, birth, before, after);
  const { presence, bases, cells } = node.counter ?? emptyCounter;
  return nodeOf(node.registers, node.map, {
    presence: replaceStamps(presence, edit.writer, edit.stamp(isDefault)),
    bases,
    cells: countInto(cells, edit.writer.origin, birth, before, after),
  });
}

/** Drops the presence only: the cells and bases stay, and are shown again with the next presence. */
function hideCounter({ counter }: DocumentNode, edit: Edit): DocumentNode['counter'] {
  return counter && { ...counter, presence: dropStamps(counter.presence, edit.writer) };
}

/** M8. Raises the floors of the cells that a reset had seen. */
function raise(root: DocumentNode | undefined, floors: readonly Floor[], edit: Edit): DocumentNode | undefined {
  let raised = root;
  for (const floor of floors) {
    raised = changeAt(raised, floor.path, 0, edit, (node) => {
      const { registers, map, counter } = node;
      if (counter === undefined) return node;
      const cells = raiseFloors(counter.cells, floor.origin, floor.birth, floor);
      return cells === counter.cells ? node : nodeOf(registers, map, { ...counter, cells });
    });
  }
  return raised;
}

/** @param depth how many keys of the path lead to `node` */
function changeAt(
  node: DocumentNode | undefined,
  path: Path,
  depth: number,
  edit: Edit,
  change: Change,
): DocumentNode | undefined {
  const key = path[depth];
  if (key === undefined) return present(change(node ?? emptyNode));
  const child = node?.map?.get(key);
  const was = livenessOf(child);
  const changed = changeAt(child, path, depth + 1, edit, change);
  if (changed === child && livenessOf(changed) === was) return node;
  if (node instanceof MapNode && changed !== undefined) return edit.withChild(node, key, changed, was);
  const { registers, map, counter } = node ?? emptyNode;
  return nodeOf(registers, edit.withChild(map, key, changed, was), counter);
}

/** Returns undefined for the empty node: a change that had nothing to change must not create a node. */
const present = (node: DocumentNode | undefined): DocumentNode | undefined => (node === emptyNode ? undefined : node);
