/**
 * The shape of a small map: its keys in order, as one object shared by all maps with the same keys.
 * Source: hidden classes, Chambers, Ungar and Lee, An Efficient Implementation of SELF (OOPSLA 1989).
 */

/** Bounds the memory for transitions between shapes: once so many are remembered, all are forgotten. */
const rememberedShapes = 4096;

export class Shape {
  static readonly empty = new Shape([]);
  static #remembering: Shape[] = [];
  static #remembered = 0;

  readonly keys: readonly string[];
  #next: Map<string, Shape> | undefined;
  /** The transition taken last: most often the next map adds the same key. */
  #lastKey: string | undefined;
  #last: Shape | undefined;

  private constructor(keys: readonly string[]) {
    this.keys = keys;
  }

  /** -1 if the key is missing. */
  indexOf(key: string): number {
    const { keys } = this;
    for (let index = 0; index < keys.length; index++) if (keys[index] === key) return index;
    return -1;
  }

  /** @param key a key that the shape does not have */
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

  /** @param index of the key to remove */
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
