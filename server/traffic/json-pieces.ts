/** Writes JSON in pieces: the text of JSON.stringify, without ever holding the whole. */

/** The overhead of a value: commas, quotes, and its object in memory. */
const valueBytes = 16;

/** The approximate size of a value in memory and as JSON. @param enough stops counting above this */
export function roughBytes(value: unknown, enough = Number.POSITIVE_INFINITY): number {
  let bytes = 0;
  const unseen: unknown[] = [value];
  while (unseen.length > 0 && bytes <= enough) {
    const next = unseen.pop();
    bytes += valueBytes;
    if (typeof next === 'string') bytes += next.length;
    else if (Array.isArray(next)) {
      if (bytes + next.length * valueBytes > enough) return bytes + next.length * valueBytes;
      for (const element of next) unseen.push(element);
    } else if (typeof next === 'object' && next !== null) {
      for (const key in next) {
        bytes += key.length;
        unseen.push(Reflect.get(next, key));
      }
    }
  }
  return bytes;
}

/** An array or object that is partly written. */
interface Open {
  readonly container: object;
  /** Undefined for an array. */
  readonly keys: readonly string[] | undefined;
  readonly length: number;
  next: number;
  isEmpty: boolean;
}

/** @param pieceCharacters the approximate length of a piece; shorter values are written by one JSON.stringify */
export function* jsonPieces(value: unknown, pieceCharacters: number): Generator<string> {
  const isLong = (part: unknown): part is object =>
    typeof part === 'object' &&
    part !== null &&
    !('toJSON' in part) &&
    roughBytes(part, pieceCharacters) > pieceCharacters;
  if (!isLong(value)) {
    yield JSON.stringify(value);
    return;
  }
  const stack = [opened(value)];
  let text = Array.isArray(value) ? '[' : '{';
  for (let last = stack.at(-1); last !== undefined; last = stack.at(-1)) {
    const { container, keys, length, next } = last;
    if (text.length >= pieceCharacters) {
      yield text;
      text = '';
    }
    if (next === length) {
      text += keys === undefined ? ']' : '}';
      stack.pop();
      continue;
    }
    last.next += 1;
    const key = keys?.[next] ?? String(next);
    const part: unknown = Reflect.get(container, key);
    const before = `${last.isEmpty ? '' : ','}${keys === undefined ? '' : `${JSON.stringify(key)}:`}`;
    if (typeof part === 'string' && part.length > pieceCharacters) {
      yield `${text}${before}"`;
      yield* stringPieces(part, pieceCharacters);
      text = '"';
    } else if (isLong(part)) {
      text += before + (Array.isArray(part) ? '[' : '{');
      stack.push(opened(part));
    } else {
      const written = textOf(part) ?? (keys === undefined ? 'null' : undefined);
      if (written === undefined) continue;
      text += before + written;
    }
    last.isEmpty = false;
  }
  yield text;
}

function opened(container: object): Open {
  const keys = Array.isArray(container) ? undefined : Object.keys(container);
  return { container, keys, length: keys?.length ?? Reflect.get(container, 'length'), next: 0, isEmpty: true };
}

/** Undefined for values that JSON cannot express; JSON.stringify's declared type omits that. */
const textOf = (value: unknown): string | undefined => JSON.stringify(value);

/** The text between the quotes. Never splits a surrogate pair, as JSON.stringify would escape the halves. */
function* stringPieces(text: string, pieceCharacters: number): Generator<string> {
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + Math.max(pieceCharacters, 2), text.length);
    if (to < text.length && /[\uD800-\uDBFF]/.test(text.charAt(to - 1))) to -= 1;
    yield JSON.stringify(text.slice(from, to)).slice(1, -1);
    from = to;
  }
}
