import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Backoff, pause, turn } from '../../../replica/environment/timers.ts';

it('a backoff doubles up to its longest, and begins anew once it is reset', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.nat(10_000), fc.nat(20), (first, more, attempts) => {
      const longest = first + more;
      const backoff = new Backoff([first, longest]);
      for (let attempt = 0; attempt < attempts; attempt += 1)
        expect(backoff.next()).toBe(Math.min(first * 2 ** attempt, longest));
      backoff.reset();
      expect(backoff.next()).toBe(first);
    }),
  );
});

it('pauses for as long as it is told, and a turn for no time', async () => {
  const asked: number[] = [];
  const timers = {
    now: () => 0,
    after(milliseconds: number, call: () => void) {
      asked.push(milliseconds);
      call();
      return { [Symbol.dispose]() {} };
    },
  };
  await pause(timers, 70);
  await turn(timers);
  expect(asked).toEqual([70, 0]);
});
