/**
 * One event as frames of graphql-transport-ws (RFC 6455, section 5.2: whole text frames, unmasked as a server's are). What is
 * told to many is the same to its last byte but for the id at its beginning, so that nothing but that is made for each.
 * Why small frames are strings whose characters are bytes: Node writes these from its stack, where a buffer for each reader is
 * memory of its own outside the heap. One that waits in a socket keeps the bytes that all share, and its own beginning.
 */
import type { Writable } from 'node:stream';
import { limits } from '../../limits.ts';
import { SharedBytes } from '../traffic/socket-buffers.ts';

const finalText = 0x81;

/**
 * The beginning of a message about a subscription: plain JSON but for the brace that ends it. It is ASCII, so that it has as
 * many bytes as characters.
 */
export function messageHead(id: string): string {
  const escaped = JSON.stringify(id).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `{"id":${escaped}`;
}

export class WebSocketFrames {
  readonly #tail: Buffer;
  /** Where it is so large that it matters how many hold it. */
  readonly shared: SharedBytes | undefined;
  #tailCharacters: string | undefined;
  #head: string | undefined;
  #frame = '';

  /** @param json what is told */
  constructor(json: string) {
    this.#tail = Buffer.from(`,"type":"next","payload":${json}}`);
    this.shared = sharedBytes(this.#tail);
  }

  /** @param head as `messageHead` gives it @param taken called once the stream holds the shared bytes no more */
  write(stream: Writable, head: string, taken?: () => void): void {
    const length = head.length + this.#tail.length;
    if (length > limits.copiedFrameBytes) {
      stream.cork();
      stream.write(frameHead(length) + head, 'latin1');
      stream.write(this.#tail, taken);
      stream.uncork();
      return;
    }
    // Clients that number their operations give many the same id.
    if (head !== this.#head) {
      this.#tailCharacters ??= this.#tail.toString('latin1');
      this.#head = head;
      this.#frame = frameHead(length) + head + this.#tailCharacters;
    }
    stream.write(this.#frame, 'latin1');
  }
}

/** @returns undefined for so few that they count with each connection that holds them */
export function sharedBytes({ length }: Buffer): SharedBytes | undefined {
  return length > limits.connectionUnsentBytes ? new SharedBytes(length) : undefined;
}

/** @param length of what follows, in bytes */
function frameHead(length: number): string {
  if (length < 126) return String.fromCharCode(finalText, length);
  if (length < 65_536) return String.fromCharCode(finalText, 126, length >> 8, length & 0xff);
  const head = Buffer.alloc(10);
  head[0] = finalText;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head.toString('latin1');
}
