/**
 * Event sources: a subscription's root field returns a source instead of the events. The server opens equal sources
 * once for all their subscribers, and creates each event once.
 */

/** An open source of events, shared by all subscribers to the same thing. */
export interface OpenSource<Event> extends Disposable {
  /** The first event for a new subscriber; undefined if it has to wait for one. @param after a token */
  first(after: string | undefined): Event | undefined;
  /** Merges the events that a slow reader missed. Undefined: events cannot be merged, and are delivered one by one. */
  readonly merging: Merging<Event> | undefined;
  /** Without `merging`: the error for a reader with too many unread events. @param last the last event that it gets */
  tooSlow?(last: Event): Error;
  /** Brings a subscriber that joins with a token up to date. If it is missing, `first` does that. */
  readonly catchUp?: ((after: string, reader: ReaderBehind<Event>) => Disposable) | undefined;
}

export interface Merging<Event> {
  /**
   * Merges several events, up to the newest, into one; undefined if they cancel out.
   * @param missed the first of them
   * @param count their number
   */
  since(missed: Event, newest: Event, count: number): Event | undefined;
}

export interface ReaderBehind<Event> {
  tell(event: Event): void;
  /** From now on the reader gets the same events as all others. */
  joined(): void;
  ended(error: Error): void;
}

/** Called in the turn of each event; neither method may throw. */
export interface SourceListener<Event> {
  told(event: Event): void;
  /** The source has ended for all subscribers. */
  ended(error: Error | undefined): void;
}

/** Declared iterable, as graphql-js requires it, but never iterated. */
export class Source<Event> implements AsyncIterable<Event> {
  /** The token with which this subscriber resumes. Equal sources differ only in it. */
  readonly after: string | undefined;
  readonly open: (listener: SourceListener<Event>) => OpenSource<Event>;

  constructor(after: string | null | undefined, open: (listener: SourceListener<Event>) => OpenSource<Event>) {
    this.after = after ?? undefined;
    this.open = open;
  }

  [Symbol.asyncIterator](): AsyncIterator<Event> {
    throw new Error('a source cannot be iterated: open it');
  }
}

/** For sources of a state: the newest event replaces all before it. */
export const newestOnly = { since: <Event>(_missed: Event, newest: Event): Event => newest };
