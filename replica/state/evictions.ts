/** Documents hidden here: each while its last touch is the one that its mark names. */
import type { DocumentState } from '../crdt/document-node.ts';
import type { Eviction } from '../log/journal.ts';
import { DocumentMap } from './document-map.ts';

interface NumberedMark {
  readonly mark: Eviction;
  /** How many it is, of all that were added. */
  readonly number: number;
}

export class Evictions {
  readonly #marks = new DocumentMap<NumberedMark>();
  #size = 0;
  /** How many were added so far. */
  added = 0;

  add(mark: Eviction): void {
    if (!this.#marks.has(mark.collection, mark.id)) this.#size += 1;
    this.added += 1;
    this.#marks.set(mark.collection, mark.id, { mark, number: this.added });
  }

  hides(collection: string, id: string, state: DocumentState): boolean {
    const mark = this.get(collection, id);
    return (
      mark !== undefined &&
      mark.lastWriter.origin === state.lastWriter.origin &&
      mark.lastWriter.number === state.lastWriter.number
    );
  }

  get size(): number {
    return this.#size;
  }

  *ofCollection(collection: string): Iterable<string> {
    for (const [id] of this.#marks.ofCollection(collection)) yield id;
  }

  /** Those of a collection that came after so many had been added. */
  *addedSince(collection: string, added: number): Iterable<string> {
    if (added === this.added) return;
    for (const [id, { number }] of this.#marks.ofCollection(collection)) if (number > added) yield id;
  }

  get(collection: string, id: string): Eviction | undefined {
    return this.#marks.get(collection, id)?.mark;
  }

  delete(collection: string, id: string): void {
    if (this.#marks.has(collection, id)) this.#size -= 1;
    this.#marks.delete(collection, id);
  }
}
