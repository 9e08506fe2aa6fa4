/** Whether what a token shows is shown here: also between the transactions of one entry. */
import { TokenUnreachableError } from '../../errors.ts';
import type { Mark } from '../crdt/version.ts';
import { mayBeOf } from '../history/closed-logs.ts';
import { markAtStart } from '../log/entry.ts';
import type { ReplicaState } from '../state/state.ts';
import type { Link } from '../sync/link.ts';
import { type Token, tokenMarkDigits } from '../token.ts';

export class Standing {
  readonly #state: ReplicaState;
  readonly #link: Pick<Link, 'isInLog'>;

  constructor(state: ReplicaState, link: Pick<Link, 'isInLog'>) {
    this.#state = state;
    this.#link = link;
  }

  /** Whether a token is of the log that is followed here, or of one that was closed before it. */
  knows({ log }: Token): boolean {
    const { head, closedLogs } = this.#state.prefix;
    return log === head.log || closedLogs.some((closed) => closed.log === log);
  }

  /**
   * Whether all that a token shows is shown here. P50: what it shows of a log that this one grew from is, up to where that was
   * closed; what came after that may have been handed on, or not.
   * @throws {TokenUnreachableError} it is of another history
   */
  shows(token: Token): boolean {
    const { head, origins, closedLogs } = this.#state.prefix;
    if (token.log === head.log) {
      if (token.position > this.#state.shownAt.position) return false;
      const mark = this.#markAt(token.position);
      if (mark === undefined && !this.#link.isInLog) return false;
      if (mark !== undefined && mark.slice(0, tokenMarkDigits) !== token.mark) throw new TokenUnreachableError();
    } else if (!mayBeOf(closedLogs, token.log, token.position, token.mark)) throw new TokenUnreachableError();
    for (const [origin, number] of token.journaled)
      if ((origins.get(origin) ?? 0) < number && !this.#state.holdsJournaled(origin, number)) return false;
    return true;
  }

  /** Whether a token is of the log that is followed here, and all that it shows is shown. */
  isReached(token: Token): boolean {
    try {
      return token.log === this.#state.prefix.head.log && this.shows(token);
    } catch (error) {
      if (error instanceof TokenUnreachableError) return false;
      throw error;
    }
  }

  #markAt(position: number): Mark | undefined {
    const { head, marks } = this.#state.prefix;
    if (position === 0) return markAtStart(head.log);
    return position > head.position ? this.#state.shownAt.mark : marks.at(position);
  }
}
