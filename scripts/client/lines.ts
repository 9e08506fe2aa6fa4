/** The lines of a file, streamed; memory holds one of them, and of one that is too long nothing. */

export interface Line {
  /** 1, 2, 3, … */
  readonly number: number;
  /** Undefined where it has more than the bytes allowed. */
  readonly text: string | undefined;
  /** Of the file, up to and with this line. */
  readonly bytesRead: number;
}

/** @param chunks UTF-8; a byte order mark at the beginning is taken away, as are carriage returns before line feeds */
export async function* linesOf(chunks: AsyncIterable<Buffer>, maximumBytes: number): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let number = 0;
  let bytesRead = 0;
  let parts: Buffer[] = [];
  let held = 0;
  let tooLong = false;

  const hold = (part: Buffer) => {
    bytesRead += part.length;
    held += part.length;
    tooLong ||= held > maximumBytes;
    if (tooLong) parts = [];
    else parts.push(part);
  };
  const take = (): Line => {
    const text = tooLong ? undefined : decoder.decode(Buffer.concat(parts)).replace(/\r?\n?$/, '');
    number += 1;
    parts = [];
    held = 0;
    tooLong = false;
    return { number, text, bytesRead };
  };

  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
      hold(chunk.subarray(start, end + 1));
      start = end + 1;
      yield take();
    }
    if (start < chunk.length) hold(chunk.subarray(start));
  }
  if (held > 0) yield take();
}
