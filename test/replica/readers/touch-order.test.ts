import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TouchOrder } from '../../../replica/readers/touch-order.ts';

/** Documents by where they were touched last, and how often that was asked. */
class Touches {
  readonly positions = new Map<string, number>();
  asked = 0;

  touchPosition(_: string, id: string): number | undefined {
    this.asked += 1;
    return this.positions.get(id);
  }

  touchedIds(): Iterable<string> {
    return this.positions.keys();
  }

  /** Rising. */
  sorted() {
    const places = Array.from(this.positions, ([id, position]) => ({ position, id }));
    return places.sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1));
  }
}

const transactions = fc.array(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 4 }), {
  maxLength: 100,
});

describe('the order of touches', () => {
  it('L50: is by position, then by id, from any place on, whatever was touched since it was made', () => {
    fc.assert(
      fc.property(transactions, transactions, fc.nat(200), (before, after, position) => {
        const touches = new Touches();
        before.forEach((ids, index) => {
          for (const id of ids) touches.positions.set(id, index + 1);
        });
        const order = new TouchOrder(touches, 'cars');
        after.forEach((ids, index) => {
          for (const id of ids) {
            touches.positions.set(id, before.length + index + 1);
            order.touched(id);
          }
          expect([...order.after(0, '')]).toEqual(touches.sorted());
        });
        const behind = touches.sorted().filter((place) => place.position > position);
        expect([...order.after(position, undefined)]).toEqual(behind);
        const [first] = touches.sorted();
        if (first) expect([...order.after(first.position, first.id)]).toEqual(touches.sorted().slice(1));
      }),
    );
  });

  it('L54: is gone through by pages at the cost of going through it once, also while documents are touched', () => {
    const touches = new Touches();
    const count = 20_000;
    for (let index = 0; index < count; index += 1) touches.positions.set(`${index}`, index);
    const order = new TouchOrder(touches, 'cars');
    touches.asked = 0;
    let [position, id, told] = [0, '', 0];
    for (let page = 0; page < 200; page += 1) {
      for (const place of order.after(position, id)) {
        ({ position, id } = place);
        told += 1;
        if (told % 100 === 0) break;
      }
      touches.positions.set('7', count + page);
      order.touched('7');
    }
    expect(told).toBe(count);
    expect(touches.asked).toBeLessThan(2 * count);
  });
});
