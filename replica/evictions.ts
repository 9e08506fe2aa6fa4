/** Documents hidden here: each while its last touch is the one that its mark names. */
import type { DocumentState } from './crdt/document.ts';
import { DocumentMap } from './document-map.ts';
import type { Eviction } from './log/journal.ts';

export class Evictions {
  readonly #marks = new DocumentMap<Eviction>();

  add(mark: Eviction): void {
    this.#marks.set(mark.collection, mark.id, mark);
  }

  hides(collection: string, id: string, state: DocumentState): boolean {
    const mark = this.#marks.get(collection, id);
    return mark !== undefined && mark.touch.origin === state.touch.origin && mark.touch.number === state.touch.number;
  }

  get(collection: string, id: string): Eviction | undefined {
    return this.#marks.get(collection, id);
  }

  delete(collection: string, id: string): void {
    this.#marks.delete(collection, id);
  }
}
