/** Estimates the memory that values and documents take in this process: up to seventy bytes for a byte of JSON. */

import { memoryOf, memoryOfKey } from '../values/memory-costs.ts';
import { AttachmentToken, isValueObject, type Value, type ValueObject } from '../values/value.ts';
import type { DocumentNode, DocumentState } from './document-node.ts';
import { MapNode } from './map-node.ts';
import { CounterNode, RegisterNode } from './tree.ts';

const shortCharacters = 256;

const textBytesOf = (text: string): number => (text.length <= shortCharacters ? text.length : Buffer.byteLength(text));

/** The size of a document, or of a part of it. */
export interface Size {
  readonly memoryBytes: number;
  /** The size of its keys and strings: long ones count in bytes of UTF-8, short ones in characters. */
  readonly textBytes: number;
}

/**
 * The sizes of parts larger than this are cached. Parts never change once they are in a state, and states share them;
 * so after a write to a large document only the parts on the path to the change are measured again.
 */
const keptBytes = 4_096;
const kept = new WeakMap<object, Size>();

export function sizeOfDocument({ root }: DocumentState): Size {
  const tally = new Tally();
  tally.addNode(root);
  return tally;
}

export class Tally implements Size {
  memoryBytes = 0;
  textBytes = 0;

  addValue(value: Value): void {
    if (typeof value === 'string') this.#addText(value);
    else if (typeof value !== 'object' || value === null) this.memoryBytes += memoryOf.scalar;
    else if (value instanceof AttachmentToken) this.#addText(value.id);
    else if (!this.#addKept(value)) this.#addMembers(value);
  }

  addNode(node: DocumentNode): void {
    if (node instanceof RegisterNode) {
      this.memoryBytes += memoryOf.entry;
      this.addValue(node.value);
    } else if (node instanceof MapNode) {
      if (!this.#addKept(node)) this.#addMap(node);
    } else if (node instanceof CounterNode) this.memoryBytes += 2 * memoryOf.entry;
    else this.#addParts(node);
  }

  /** @returns whether the size was cached */
  #addKept(part: object): boolean {
    const size = kept.get(part);
    if (size === undefined) return false;
    this.memoryBytes += size.memoryBytes;
    this.textBytes += size.textBytes;
    return true;
  }

  /** @param memoryBytes the tally before the part @param textBytes the tally before the part */
  #keep(part: object, memoryBytes: number, textBytes: number): void {
    if (this.memoryBytes - memoryBytes <= keptBytes) return;
    kept.set(part, { memoryBytes: this.memoryBytes - memoryBytes, textBytes: this.textBytes - textBytes });
  }

  #addMembers(value: ValueObject | readonly Value[]): void {
    const { memoryBytes, textBytes } = this;
    if (isValueObject(value)) {
      this.memoryBytes += memoryOf.object;
      for (const [key, member] of Object.entries(value)) {
        this.#addKey(key);
        this.addValue(member);
      }
    } else {
      this.memoryBytes += memoryOf.array;
      for (const item of value) this.addValue(item);
    }
    this.#keep(value, memoryBytes, textBytes);
  }

  #addMap(map: MapNode): void {
    const { memoryBytes, textBytes } = this;
    this.memoryBytes += memoryOf.object + memoryOf.entry * map.presence.length;
    map.forEach(
      (key, node) => {
        this.#addKey(key);
        this.addNode(node);
      },
      (key, value) => {
        this.#addKey(key);
        this.addValue(value);
      },
    );
    this.#keep(map, memoryBytes, textBytes);
  }

  #addParts({ registers, map, counter }: DocumentNode): void {
    for (const { value } of registers) {
      this.memoryBytes += memoryOf.entry;
      this.addValue(value);
    }
    if (map) this.addNode(map);
    if (!counter) return;
    const { presence, bases, cells } = counter;
    this.memoryBytes += memoryOf.entry * (presence.length + bases.length + cells.length);
  }

  #addKey(key: string): void {
    this.memoryBytes += memoryOfKey(key);
    this.textBytes += textBytesOf(key);
  }

  #addText(text: string): void {
    this.memoryBytes += memoryOf.text + text.length;
    this.textBytes += textBytesOf(text);
  }
}
