/** Documents hidden here: each while its last touch is the one that its mark names. */
import type { DocumentState } from './crdt/document.ts';
import { DocumentMap } from './document-map.ts';
import type { Eviction } from './log/journal.ts';

export class Evictions {
  readonly #marks = new DocumentMap<Eviction>();

  constructor(marks: Iterable<Eviction>) {
    for (const mark of marks) this.add(mark);
  }

  add(mark: Eviction): void {
    this.#marks.set(mark.collection, mark.id, mark);
  }

  hides(collection: string, id: string, state: DocumentState): boolean {
    const mark = this.#marks.get(collection, id);
    return mark !== undefined && mark.touch.origin === state.touch.origin && mark.touch.number === state.touch.number;
  }

  has(collection: string, id: string): boolean {
    return this.#marks.has(collection, id);
  }

  delete(collection: string, id: string): void {
    this.#marks.delete(collection, id);
  }
}
