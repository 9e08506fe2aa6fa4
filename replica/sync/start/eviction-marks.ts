/** Removes the mark of an evicted document that was written to again from the disk. */
import type { Logger } from '../../environment/logger.ts';
import type { Eviction, Journal } from '../../log/journal.ts';
import type { StateWatcher } from '../../state/state.ts';
import type { CheckpointWriter } from './checkpoint-writer.ts';

export class EvictionMarks implements StateWatcher {
  readonly #journal: Journal;
  readonly #checkpoint: CheckpointWriter | undefined;
  readonly #logger: Logger;

  constructor(journal: Journal, checkpoint: CheckpointWriter | undefined, logger: Logger) {
    this.#journal = journal;
    this.#checkpoint = checkpoint;
    this.#logger = logger;
  }

  /** A process that starts from a disk without that write would show the document as it was when it was evicted: the mark stays until then. */
  shownAgain(mark: Eviction): void {
    if (this.#checkpoint) this.#checkpoint.onceKept(() => this.#remove(mark));
    else this.#remove(mark);
  }

  #remove(mark: Eviction): void {
    this.#journal.saveEvictions([], [mark]).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'an eviction mark could not be removed');
    });
  }
}
