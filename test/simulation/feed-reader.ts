/** A reader of `transactions`: it knows the log, and so what it has to be told next. */
import type { LoggedTransaction } from '../../replica/replica.ts';
import type { Token } from '../../replica/token.ts';
import type { Oracle } from './oracle.ts';

export class FeedReader {
  readonly #after: Token;
  readonly #oracle: () => Oracle;
  readonly #mayKnowJournaled: boolean;
  /** Beginnings of the marks of what it was told while the log was without it, which may come back. */
  readonly #toldWhileGone = new Map<number, string>();
  position: number;

  /** @param mayKnowJournaled whether what its token has journaled need not be told */
  constructor(after: Token, oracle: () => Oracle, mayKnowJournaled: boolean) {
    this.#after = after;
    this.#oracle = oracle;
    this.#mayKnowJournaled = mayKnowJournaled;
    this.position = after.position;
  }

  /** @returns what is wrong with it */
  take({ position, replica }: LoggedTransaction): string | undefined {
    if (position <= this.position) return `a feed tells ${position} after ${this.position}`;
    const name = this.#oracle().at(position);
    if (name?.origin !== replica)
      return `a feed tells ${position} of ${replica}, and the log has ${name?.origin} there`;
    for (let between = this.position + 1; between < position; between += 1)
      if (!this.#isKnown(between)) return `a feed tells ${position}, and never told ${between}`;
    this.position = position;
    return undefined;
  }

  /** It was told of a history that the log is without now. */
  takeWhileGone(position: number, mark: string): void {
    this.#toldWhileGone.set(position, mark);
  }

  /** @returns the first position up to another that it was never told of */
  missing(upTo: number): number | undefined {
    for (let position = this.position + 1; position <= upTo; position += 1)
      if (!this.#isKnown(position)) return position;
    return undefined;
  }

  #isKnown(position: number): boolean {
    const mark = this.#toldWhileGone.get(position);
    if (mark !== undefined && this.#oracle().markAt(position)?.startsWith(mark)) return true;
    const name = this.#oracle().at(position);
    return this.#mayKnowJournaled && name !== undefined && name.number <= (this.#after.journaled.get(name.origin) ?? 0);
  }
}
