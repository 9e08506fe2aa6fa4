/** Documents hidden here: each while its last touch is the one that its mark names. */
import type { DocumentState } from './crdt/document.ts';
import { DocumentMap } from './document-map.ts';
import type { Eviction } from './log/journal.ts';

export class Evictions {
  readonly #marks = new DocumentMap<Eviction>();
  #size = 0;

  add(mark: Eviction): void {
    if (!this.#marks.has(mark.collection, mark.id)) this.#size += 1;
    this.#marks.set(mark.collection, mark.id, mark);
  }

  hides(collection: string, id: string, state: DocumentState): boolean {
    const mark = this.#marks.get(collection, id);
    return mark !== undefined && mark.touch.origin === state.touch.origin && mark.touch.number === state.touch.number;
  }

  get size(): number {
    return this.#size;
  }

  *ofCollection(collection: string): Iterable<string> {
    for (const [id] of this.#marks.ofCollection(collection)) yield id;
  }

  get(collection: string, id: string): Eviction | undefined {
    return this.#marks.get(collection, id);
  }

  delete(collection: string, id: string): void {
    if (this.#marks.has(collection, id)) this.#size -= 1;
    this.#marks.delete(collection, id);
  }
}
