/** What came back in the log leaves the journal: a whole entry in one step, in the background. */
import type { Origin } from '../crdt/version.ts';
import type { Journal } from '../log/journal.ts';
import type { Logger } from '../options.ts';

export class Returned {
  readonly #journal: Journal | undefined;
  readonly #logger: Logger;
  /** Still in the journal: the last number by origin. */
  readonly #numbers = new Map<Origin, number>();
  #removing: Promise<void> | undefined;

  constructor(journal: Journal | undefined, logger: Logger) {
    this.#journal = journal;
    this.#logger = logger;
  }

  /** Under way, where anything is. Never rejects. */
  get removing(): Promise<void> | undefined {
    return this.#removing;
  }

  add(origin: Origin, number: number): void {
    this.#numbers.set(origin, number);
    this.#removing ??= this.#remove().finally(() => {
      this.#removing = undefined;
    });
  }

  async #remove(): Promise<void> {
    // A whole entry comes back in one turn.
    await Promise.resolve();
    while (this.#numbers.size > 0) {
      const numbers = [...this.#numbers];
      this.#numbers.clear();
      try {
        for (const [origin, number] of numbers) await this.#journal?.removeUpTo(origin, number);
      } catch (error) {
        this.#logger.warn({ err: error }, 'what came back could not be removed from the journal');
      }
    }
  }
}
