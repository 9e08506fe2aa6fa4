/** What subscriptions need of the server: a bounded stream between a source that never waits and one reader. */

export interface Stream<Event> extends AsyncIterableIterator<Event> {
  push(event: Event): void;
  /** Ends it after what is unread. */
  end(): void;
  /** Ends it with an error after what is unread. */
  fail(error: Error): void;
}

export interface StreamOptions<Event> {
  /** One event in the place of two; undefined where the second takes the first back. Without it, nothing is merged. */
  readonly merge?: ((older: Event, newer: Event) => Event | undefined) | undefined;
  /** Where nothing can be merged: the error that ends the stream when too much is unread. Given the last event that was read. */
  readonly overflow?: ((lastRead: Event | undefined) => Error) | undefined;
  /** Told once, when the reader leaves or the stream has ended: releases the source. */
  readonly onReturn: () => void;
}

/** Its `return()` releases at once, also while a read waits. */
export type OpenStream = <Event>(options: StreamOptions<Event>) => Stream<Event>;

/**
 * A stream of what a source tells; it is released when its reader leaves.
 * @param open opens the source, which may tell events, and end the stream, in this call's turn
 */
export function streamFrom<Event>(
  openStream: OpenStream,
  options: Omit<StreamOptions<Event>, 'onReturn'>,
  open: (stream: Stream<Event>) => Disposable,
): Stream<Event> {
  let source: Disposable | undefined;
  let returned = false;
  const onReturn = () => {
    returned = true;
    source?.[Symbol.dispose]();
  };
  const stream = openStream<Event>({ ...options, onReturn });
  source = open(stream);
  if (returned) source[Symbol.dispose]();
  return stream;
}
