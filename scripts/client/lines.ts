/** Splits a stream into lines. Keeps one line in memory, and nothing of a line that is too long. */

export interface Line {
  /** 1, 2, 3, … */
  readonly number: number;
  /** The line without its end, and without a byte order mark on the first; undefined if it is too long. */
  readonly bytes: Buffer | undefined;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = Buffer.from('\uFEFF');

export async function* linesOf(chunks: AsyncIterable<Buffer>, maximumBytes: number): AsyncGenerator<Line> {
  let number = 0;
  let parts: Buffer[] = [];
  let held = 0;

  const hold = (part: Buffer) => {
    held += part.length;
    if (held > maximumBytes) parts = [];
    else parts.push(part);
  };
  const take = (): Line => {
    number += 1;
    const bytes = held > maximumBytes ? undefined : withoutMarks(Buffer.concat(parts), number === 1);
    parts = [];
    held = 0;
    return { number, bytes };
  };

  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      hold(chunk.subarray(start, end));
      start = end + 1;
      yield take();
    }
    if (start < chunk.length) hold(chunk.subarray(start));
  }
  if (held > 0) yield take();
}

function withoutMarks(line: Buffer, isFirst: boolean): Buffer {
  const start = isFirst && line.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0;
  return line.subarray(start, line.at(-1) === carriageReturn ? -1 : undefined);
}
