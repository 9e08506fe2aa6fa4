/** Where an import's bytes come from: a file, a pipe, standard input; packed with gzip or not. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** On a command line these name standard input. The second is a file only where it is no socket. */
const standardInput: ReadonlySet<string> = new Set(['-', '/dev/stdin']);

export interface DocumentSource extends Disposable {
  /** Of the file as it is stored; undefined where that is not known: a pipe. */
  readonly bytes: number | undefined;
  /** How many bytes of it were read so far. */
  readonly bytesRead: () => number;
  /** As they are once unpacked. */
  readonly chunks: AsyncIterable<Buffer>;
}

const gzipMagic = Buffer.from([0x1f, 0x8b]);

/** @throws {Error} as node does where there is no such file, or it cannot be read */
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
