/** Roughly what is kept in memory by keeping a document's former state beside the one that follows on it: states share the rest. */
import type { DocumentNode, DocumentState } from '../crdt/document-node.ts';
import { RegisterNode } from '../crdt/tree.ts';
import { isValueObject, type Value } from '../values/value.ts';

/** Bytes of an object in V8, and of a slot in an array or map, rounded up. */
const objectBytes = 64;
const placeBytes = 24;

/** Costs a walk over what differs. */
export function retainedBytes(former: DocumentState | undefined, after: DocumentState | undefined): number {
  return objectBytes + (former === undefined ? 0 : nodeBytes(former.root, after?.root));
}

function nodeBytes(former: DocumentNode, after: DocumentNode | undefined): number {
  if (former === after) return 0;
  if (former instanceof RegisterNode) {
    const isKept = after instanceof RegisterNode && after.value === former.value;
    return isKept ? objectBytes : objectBytes + valueBytes(former.value);
  }
  const { registers, map, counter } = former;
  let bytes = objectBytes;
  for (const { value } of registers) bytes += objectBytes + valueBytes(value);
  if (counter !== undefined) bytes += objectBytes * (1 + counter.bases.length + counter.cells.length);
  if (map === undefined) return bytes;
  const afterMap = after?.map;
  bytes += placeBytes * map.size;
  map.forEach(
    (key, child) => {
      bytes += nodeBytes(child, afterMap?.get(key));
    },
    (key, value) => {
      const other = afterMap?.get(key);
      if (!(other instanceof RegisterNode && other.value === value)) bytes += valueBytes(value);
    },
  );
  return bytes;
}

function valueBytes(value: Value): number {
  if (typeof value === 'string') return placeBytes + 2 * value.length;
  if (Array.isArray(value))
    return value.reduce<number>((bytes, item) => bytes + placeBytes + valueBytes(item), objectBytes);
  if (!isValueObject(value)) return placeBytes;
  let bytes = objectBytes;
  for (const key in value) bytes += placeBytes + valueBytes(value[key] ?? null);
  return bytes;
}
