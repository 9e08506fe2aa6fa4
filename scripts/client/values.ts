/** Splits a stream of JSON text into values: a sequence of values, or the elements of one array. */

export interface TextOfValue {
  /** In a sequence, the line on which the value begins; in an array, its place: 1, 2, 3, … */
  readonly number: number;
  /** Undefined if the value is too long. */
  readonly text: string | undefined;
}

/** Characters with a meaning outside of strings. */
const outside = /["{}[\],\n]/g;

/** @throws {Error} the array is not closed, or text follows it */
export class ValueSplitter {
  readonly #isArray: boolean;
  readonly #maximumCharacters: number;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #hasEnded = false;
  #line = 1;
  #element = 0;
  /** The line on which the current value begins. */
  #begins = 1;
  #parts: string[] = [];
  #held = 0;

  /** @param isArray true if the values are the elements of one array */
  constructor(isArray: boolean, maximumCharacters: number) {
    this.#isArray = isArray;
    this.#maximumCharacters = maximumCharacters;
  }

  /** The line on which the text so far ends: 1, 2, 3, … */
  get line(): number {
    return this.#line;
  }

  /** @returns the values that end in this chunk */
  *write(chunk: string): Generator<TextOfValue> {
    let start = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#isInString) {
        at = this.#skipString(chunk, at);
        continue;
      }
      outside.lastIndex = at;
      const match = outside.exec(chunk);
      if (match === null) break;
      at = match.index + 1;
      const base = this.#isArray ? 1 : 0;
      switch (match[0]) {
        case '\n':
          this.#line += 1;
          break;
        case '"':
          this.#isInString = true;
          break;
        case '{':
        case '[':
          if (this.#isArray && this.#depth === 0) {
            this.#hold(chunk.slice(start, match.index));
            this.#mustBeBlank('before the array');
            start = at;
          } else if (this.#depth === base && this.#isBlank(chunk.slice(start, match.index))) this.#begins = this.#line;
          this.#depth += 1;
          break;
        case ',':
          if (this.#isArray && this.#depth === base) {
            this.#hold(chunk.slice(start, match.index));
            yield this.#take();
            start = at;
          }
          break;
        default:
          this.#depth -= 1;
          if (this.#isArray && this.#depth === 0) {
            this.#hold(chunk.slice(start, match.index));
            // An empty array, `[]`, has no element to return.
            if (this.#element > 0 || !this.#isBlank('')) yield this.#take();
            this.#hasEnded = true;
            start = at;
          } else if (!this.#isArray && this.#depth <= 0) {
            this.#hold(chunk.slice(start, at));
            yield this.#take();
            start = at;
          }
      }
    }
    this.#hold(chunk.slice(start));
  }

  /** @returns an unfinished value, which is then reported as invalid JSON */
  *end(): Generator<TextOfValue> {
    if (this.#isArray) {
      if (!this.#hasEnded) throw new Error(`the array does not end: its element ${this.#element + 1} is the last one`);
      this.#mustBeBlank('behind the array');
    } else if (!this.#isBlank('')) yield this.#take();
  }

  #skipString(chunk: string, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const character = chunk[at];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (character === '\\') this.#isEscaped = true;
      else if (character === '"') {
        this.#isInString = false;
        return at + 1;
      }
    }
    return chunk.length;
  }

  #hold(part: string): void {
    this.#held += part.length;
    if (this.#held > this.#maximumCharacters) this.#parts = [];
    else if (part !== '') this.#parts.push(part);
  }

  #isBlank(more: string): boolean {
    return this.#held <= this.#maximumCharacters && `${this.#parts.join('')}${more}`.trim() === '';
  }

  #mustBeBlank(where: string): void {
    if (!this.#isBlank('')) throw new Error(`there is text ${where}`);
    this.#parts = [];
    this.#held = 0;
  }

  #take(): TextOfValue {
    this.#element += 1;
    const text = this.#held > this.#maximumCharacters ? undefined : this.#parts.join('');
    this.#parts = [];
    this.#held = 0;
    this.#depth = this.#isArray ? 1 : 0;
    return { number: this.#isArray ? this.#element : this.#begins, text };
  }
}
