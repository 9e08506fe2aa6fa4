/** Reads the bytes of an import from a file, a pipe or standard input, and unzips them if necessary. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Names of standard input on a command line. If it is a socket, /dev/stdin cannot be opened as a file. */
const standardInput: ReadonlySet<string> = new Set(['-', '/dev/stdin']);

export interface DocumentSource extends Disposable {
  /** The size of the stored file; undefined for a pipe. */
  readonly bytes: number | undefined;
  /** The number of bytes read so far. */
  readonly bytesRead: () => number;
  /** The content, unzipped. */
  readonly chunks: AsyncIterable<Buffer>;
}

const gzipMagic = Buffer.from([0x1f, 0x8b]);

/** @throws {Error} Node's error if the file does not exist or cannot be read */
export async function openSource(path: string): Promise<DocumentSource> {
  let bytes: number | undefined;
  let stream: Readable;
  if (standardInput.has(path)) stream = process.stdin;
  else {
    const found = await stat(path);
    if (found.isDirectory()) throw new Error(`${path} is a folder: name a file in it`);
    bytes = found.isFile() ? found.size : undefined;
    stream = createReadStream(path);
  }
  let bytesRead = 0;
  const counted = async function* () {
    for await (const chunk of stream) {
      const buffer = Buffer.from(chunk);
      bytesRead += buffer.length;
      yield buffer;
    }
  };
  const read = counted();
  const first = await read.next();
  const all = async function* () {
    if (first.done !== true) yield first.value;
    yield* read;
  };
  const isPacked = first.done !== true && first.value.subarray(0, 2).equals(gzipMagic);
  return {
    bytes,
    bytesRead: () => bytesRead,
    chunks: isPacked ? unpacked(all()) : all(),
    [Symbol.dispose]: () => void stream.destroy(),
  };
}

async function* unpacked(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const unpacking = createGunzip();
  const feeding = (async () => {
    for await (const chunk of packed) {
      if (!unpacking.write(chunk)) await new Promise((resolve) => unpacking.once('drain', resolve));
    }
    unpacking.end();
  })().catch((error: unknown) => unpacking.destroy(error instanceof Error ? error : new Error(String(error))));
  for await (const chunk of unpacking) yield Buffer.from(chunk);
  await feeding;
}
