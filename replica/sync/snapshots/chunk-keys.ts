/**
 * P27. All documents of a prefix by the chunk they belong to, gone through in many short turns while the prefix goes on: a document
 * that appears meanwhile, or is removed, lands in its chunk too.
 */
import { invariant } from '../../../invariant.ts';
import type { ChunkRecord } from '../../codec/chunk-codec.ts';
import { chunkOf } from '../../log/chunk.ts';
import type { RemovedDocument } from '../../log/log.ts';
import { DocumentMap } from '../../state/document-map.ts';
import type { Prefix } from '../../state/prefix.ts';

interface Keys {
  readonly collections: string[];
  readonly ids: string[];
}

export class ChunkKeys {
  readonly #prefix: Prefix;
  readonly #chunks: readonly Keys[];

  /** @param chunks how many */
  constructor(prefix: Prefix, chunks: number) {
    this.#prefix = prefix;
    this.#chunks = Array.from({ length: chunks }, () => ({ collections: [], ids: [] }));
  }

  /**
   * Finds every document that the prefix has or gets, from this call until the watch is disposed.
   * @param turn settles in a later turn of the event loop
   */
  async collect(keysPerTurn: number, turn: () => Promise<void>): Promise<Disposable> {
    const { removed } = this.#prefix;
    // One that is there already is found below; one that is there twice counts once.
    const watch = this.#prefix.watch({
      put: ({ collection, id }, isNew) => {
        if (isNew) this.#add(collection, id);
      },
    });
    let left = keysPerTurn;
    for (const keys of [this.#prefix.keys(), removed.keys()]) {
      for (const [collection, id] of keys) {
        this.#add(collection, id);
        left -= 1;
        if (left > 0) continue;
        await turn();
        left = keysPerTurn;
      }
    }
    return watch;
  }

  /** The contents of a chunk as of now. */
  contentsOf(chunk: number): { records: ChunkRecord[]; removed: RemovedDocument[] } {
    const records: ChunkRecord[] = [];
    const removed: RemovedDocument[] = [];
    const { collections, ids } = this.#keysOf(chunk);
    const taken = new DocumentMap<true>();
    for (const [at, id] of ids.entries()) {
      const collection = collections[at];
      invariant(collection !== undefined, 'each id stands beside its collection');
      if (taken.has(collection, id)) continue;
      taken.set(collection, id, true);
      const state = this.#prefix.state(collection, id);
      if (state) records.push({ collection, id, state });
      const removal = this.#prefix.removed.get(collection, id);
      if (removal) removed.push(removal);
    }
    return { records, removed };
  }

  #add(collection: string, id: string): void {
    const keys = this.#keysOf(chunkOf(collection, id, this.#chunks.length));
    keys.collections.push(collection);
    keys.ids.push(id);
  }

  #keysOf(chunk: number) {
    const keys = this.#chunks[chunk];
    invariant(keys !== undefined, `a generation of ${this.#chunks.length} chunks has no chunk ${chunk}`);
    return keys;
  }
}
