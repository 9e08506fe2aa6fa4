/**
 * What a subscription's root field gives: not events, but where they come from. So whatever many subscribers ask for is
 * opened once by the server, and each event of it is made once.
 */

/** Where events come from, open for all who read the same. */
export interface OpenSource<Event> extends Disposable {
  /** What is told first to who joins now; undefined where nothing comes until something happens. @param after a token */
  first(after: string | undefined): Event | undefined;
  /** What stands in the place of events that a slow reader missed. Undefined: nothing can, they are read one by one or not at all. */
  readonly merging: Merging<Event> | undefined;
  /** Where nothing can be merged: the error of a reader for whom too many wait. @param last the last one that it is told */
  tooSlow?(last: Event): Error;
  /** Brings one who joins with a token to where all are. Where it is missing, `first` does. */
  readonly catchUp?: ((after: string, reader: ReaderBehind<Event>) => Disposable) | undefined;
}

export interface Merging<Event> {
  /**
   * One event in the place of several, up to now; undefined where they come to nothing.
   * @param missed the first of them
   * @param count how many
   */
  since(missed: Event, newest: Event, count: number): Event | undefined;
}

export interface ReaderBehind<Event> {
  tell(event: Event): void;
  /** From now on what all are told is for it, too. */
  joined(): void;
  ended(error: Error): void;
}

/** Told in the turn in which things happen; neither may throw. */
export interface SourceListener<Event> {
  told(event: Event): void;
  /** It is over, for all. */
  ended(error: Error | undefined): void;
}

/** Is iterable as GraphQL wants it, and is never iterated. */
export class Source<Event> implements AsyncIterable<Event> {
  /** The token with which this subscriber comes back. Equal sources differ in nothing else. */
  readonly after: string | undefined;
  readonly open: (listener: SourceListener<Event>) => OpenSource<Event>;

  constructor(after: string | null | undefined, open: (listener: SourceListener<Event>) => OpenSource<Event>) {
    this.after = after ?? undefined;
    this.open = open;
  }

  [Symbol.asyncIterator](): AsyncIterator<Event> {
    throw new Error('a source is opened, and not read');
  }
}

/** Of a state, only the newest is worth reading. */
export const newestOnly = { since: <Event>(_missed: Event, newest: Event): Event => newest };
