import { describe, expect, it } from 'vitest';
import { HybridClock, millisecondsOf } from '../../../replica/crdt/clock.ts';

const minute = 60_000;

describe('the clock', () => {
  it('M24: gives the time of this machine, and later ones within one millisecond', () => {
    let now = 1_000;
    const clock = new HybridClock(() => now, minute);
    expect([clock.tick(), clock.tick()]).toEqual([1_000 * 1_024, 1_000 * 1_024 + 1]);
    now = 1_001;
    expect(clock.tick()).toBe(1_001 * 1_024);
  });

  it('M24: goes on where this machine goes back', () => {
    let now = 1_000;
    const clock = new HybridClock(() => now, minute);
    const before = clock.tick();
    now = 500;
    expect(clock.tick()).toBe(before + 1);
  });

  it('M24: gives a time after all that it received', () => {
    const clock = new HybridClock(() => 1_000, minute);
    expect(clock.receive(2_000 * 1_024 + 7)).toBe(true);
    expect(clock.tick()).toBe(2_000 * 1_024 + 8);
    expect(clock.receive(5)).toBe(true);
    expect(clock.tick()).toBe(2_000 * 1_024 + 9);
  });

  it('M24: is not dragged along by a time too far ahead', () => {
    const clock = new HybridClock(() => 1_000, minute);
    expect(clock.receive((1_000 + minute) * 1_024 + 1_023)).toBe(true);
    expect(clock.receive((1_001 + minute) * 1_024)).toBe(false);
    expect(millisecondsOf(clock.last)).toBe(1_000 + minute);
  });

  it('M24: is good until the year 2248', () => {
    const last = millisecondsOf(Number.MAX_SAFE_INTEGER);
    expect(new Date(last).getUTCFullYear()).toBe(2248);
    expect(Number.isSafeInteger(new HybridClock(() => last - 1, minute).tick())).toBe(true);
  });
});
