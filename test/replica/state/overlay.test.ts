import { describe, expect, it } from 'vitest';
import { documentValue } from '../../../replica/crdt/document.ts';
import { Overlay, type States } from '../../../replica/state/overlay.ts';
import { staged } from '../transactions.ts';

const nothing: States = { state: () => undefined, states: () => [], collections: () => [] };

describe('transactions laid over states', () => {
  it('are shown for as long as they lie there, however many have come and gone', () => {
    const overlay = new Overlay(nothing, new Map());
    const together = 40;
    const idOf = (number: number) => `d${number % 100}`;
    for (let number = 1; number <= 1_000; number++) {
      overlay.add(staged(number, idOf(number)));
      const gone = number - together;
      if (gone < 1) continue;
      overlay.remove(staged(gone, idOf(gone)));

      const shown = new Map(Array.from(overlay.states('cars'), ([id, state]) => [id, documentValue(state).n]));
      const expected = Array.from({ length: together }, (_, at) => gone + 1 + at);
      expect(shown).toEqual(new Map(expected.map((n) => [idOf(n), n])));
      expect(overlay.state('cars', idOf(gone))).toBeUndefined();
    }
  });

  it('sink one by one into their base', () => {
    const overlay = new Overlay(nothing, new Map());
    for (const number of [1, 2, 3]) overlay.add(staged(number));
    expect(overlay.isLowest(staged(1))).toBe(true);
    overlay.sink(staged(1));
    expect(overlay.isLowest(staged(2))).toBe(true);
    expect([...overlay.keys()]).toEqual([['cars', 'vw']]);
    overlay.sink(staged(2));
    overlay.sink(staged(3));
    expect([...overlay.keys()]).toEqual([]);
  });
});
