/** The values that a document's tree shows. */

import type { Value, ValueObject } from '../values/value.ts';
import { counterValue } from './counter.ts';
import type { DocumentNode } from './document-node.ts';
import type { MapNode } from './map-node.ts';
import { shownType } from './node.ts';

/** Undefined if nothing is shown. */
export function shownValue(node: DocumentNode): Value | undefined {
  const type = shownType(node);
  if (type === 'REGISTER') return node.registers[0]?.value;
  if (type === 'MAP') return mapValue(node.map);
  return node.counter && type === 'COUNTER' ? counterValue(node.counter) : undefined;
}

export function mapValue(map: MapNode | undefined): ValueObject {
  const object: Record<string, Value> = Object.create(null);
  map?.forEach(
    (key, child) => {
      const value = shownValue(child);
      if (value !== undefined) object[key] = value;
    },
    (key, value) => {
      object[key] = value;
    },
  );
  return object;
}
