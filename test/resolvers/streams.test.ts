import { describe, expect, it } from 'vitest';
import { type Stream, streamFrom } from '../../resolvers/streams.ts';
import { Unread } from '../../server/subscriptions/unread.ts';

function source() {
  let stream: Stream<number> | undefined;
  const state = { released: 0, push: (event: number) => stream?.push(event), end: () => stream?.end() };
  const open = (atOnce: (stream: Stream<number>) => void) => (opened: Stream<number>) => {
    stream = opened;
    atOnce(opened);
    return {
      [Symbol.dispose]() {
        state.released += 1;
      },
    };
  };
  return { state, open };
}

describe('a stream from a source', () => {
  it('gives what the source tells, and releases it when its reader leaves', async () => {
    const { state, open } = source();
    const stream = streamFrom(
      (options) => new Unread(options),
      {},
      open((opened) => opened.push(1)),
    );
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    const waiting = stream.next();
    state.push(2);
    expect(await waiting).toEqual({ done: false, value: 2 });

    const left = stream.next();
    expect(state.released).toBe(0);
    await stream.return?.();
    expect(state.released).toBe(1);
    expect((await left).done).toBe(true);
  });

  it('releases a source that ends while it is opened', async () => {
    const { state, open } = source();
    const stream = streamFrom(
      (options) => new Unread(options),
      {},
      open((opened) => {
        opened.push(1);
        opened.end();
      }),
    );
    expect(state.released).toBe(1);
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    expect((await stream.next()).done).toBe(true);
    expect(state.released).toBe(1);
  });
});
