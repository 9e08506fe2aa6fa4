/**
 * The keys of a small map, in order, as one object that maps with the same keys share.
 * Source: hidden classes, Chambers, Ungar and Lee, An Efficient Implementation of SELF (OOPSLA 1989).
 */

/** So many shapes are remembered by the one before them, and then all are forgotten: what is remembered has a bound. */
const rememberedShapes = 4096;

export class Shape {
  static readonly empty = new Shape([]);
  static #remembering: Shape[] = [];
  static #remembered = 0;

  readonly keys: readonly string[];
  #next: Map<string, Shape> | undefined;
  /** By the key that was added last: most often the next one is the same. */
  #lastKey: string | undefined;
  #last: Shape | undefined;

  private constructor(keys: readonly string[]) {
    this.keys = keys;
  }

  /** -1 where the key is not there. */
  indexOf(key: string): number {
    const { keys } = this;
    for (let index = 0; index < keys.length; index++) if (keys[index] === key) return index;
    return -1;
  }

  /** @param key is not there */
  with(key: string): Shape {
    if (this.#last !== undefined && key === this.#lastKey) return this.#last;
    let next = this.#next?.get(key);
    if (next === undefined) {
      next = new Shape([...this.keys, key]);
      if (Shape.#remembered === rememberedShapes) Shape.#forget();
      Shape.#remembered += 1;
      if (this.#next === undefined) {
        Shape.#remembering.push(this);
        this.#next = new Map();
      }
      this.#next.set(key, next);
    }
    this.#lastKey = key;
    this.#last = next;
    return next;
  }

  /** @param index of the key that is not in it */
  without(index: number): Shape {
    let shape = Shape.empty;
    for (const [at, key] of this.keys.entries()) if (at !== index) shape = shape.with(key);
    return shape;
  }

  static #forget(): void {
    for (const shape of Shape.#remembering) {
      shape.#next = undefined;
      shape.#last = undefined;
    }
    Shape.#remembering = [];
    Shape.#remembered = 0;
  }
}
