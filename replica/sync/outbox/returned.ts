/**
 * Removes transactions that came back in the log from the journal: a whole entry in one step, in the background. What came too late for the log
 * is set aside before it leaves.
 */
import type { Origin } from '../../crdt/version.ts';
import type { Logger } from '../../environment/logger.ts';
import type { Journal, JournaledTransaction } from '../../log/journal.ts';

export class Returned {
  readonly #journal: Journal | undefined;
  readonly #logger: Logger;
  /** Still in the journal: the last number by origin. */
  readonly #numbers = new Map<Origin, number>();
  readonly #late: JournaledTransaction[] = [];
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
    this.#begin();
  }

  setAside(late: readonly JournaledTransaction[]): void {
    this.#late.push(...late);
    this.#begin();
  }

  #begin(): void {
    this.#removing ??= this.#remove().finally(() => {
      this.#removing = undefined;
    });
  }

  async #remove(): Promise<void> {
    // A whole entry comes back in one turn.
    await Promise.resolve();
    while (this.#numbers.size + this.#late.length > 0) {
      const late = this.#late.splice(0);
      const numbers = [...this.#numbers];
      this.#numbers.clear();
      try {
        if (late.length > 0) await this.#journal?.setAside(late);
        for (const [origin, number] of numbers) await this.#journal?.removeUpTo(origin, number);
      } catch (error) {
        this.#logger.warn({ err: error }, 'the journal could not be rid of what came back, or came too late');
      }
    }
  }
}
