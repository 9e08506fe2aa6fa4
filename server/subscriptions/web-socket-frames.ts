/**
 * One event as frames of graphql-transport-ws (RFC 6455, section 5.2: whole text frames, unmasked, as from a server).
 * All readers get the same bytes except for the id at the beginning, so only the beginning is created for each. Why
 * small frames are strings of bytes (latin1): Node writes these from its stack, whereas a buffer for each reader would
 * be allocated outside the heap. A queued large frame holds the shared bytes and its own beginning.
 */
import type { Writable } from 'node:stream';
import { limits } from '../../limits.ts';
import { SharedBytes } from '../traffic/socket-buffers.ts';

const finalText = 0x81;

/**
 * The beginning of a message of a subscription: JSON without the closing brace. It is ASCII, so its length in bytes is
 * that in characters.
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
  /** Set if the frame is so large that its readers must share its cost. */
  readonly shared: SharedBytes | undefined;
  #tailCharacters: string | undefined;
  #head: string | undefined;
  #frame = '';

  /** @param json the result */
  constructor(json: string) {
    this.#tail = Buffer.from(`,"type":"next","payload":${json}}`);
    this.shared = sharedBytes(this.#tail);
  }

  /** @param head from `messageHead` @param taken called once the stream no longer holds the shared bytes */
  write(stream: Writable, head: string, taken?: () => void): void {
    const length = head.length + this.#tail.length;
    if (length > limits.copiedFrameBytes) {
      stream.cork();
      stream.write(frameHead(length) + head, 'latin1');
      stream.write(this.#tail, taken);
      stream.uncork();
      return;
    }
    // Clients that number their operations use the same id for many.
    if (head !== this.#head) {
      this.#tailCharacters ??= this.#tail.toString('latin1');
      this.#head = head;
      this.#frame = frameHead(length) + head + this.#tailCharacters;
    }
    stream.write(this.#frame, 'latin1');
  }
}

/** @returns undefined for small buffers, which count in full for each connection */
export function sharedBytes({ length }: Buffer): SharedBytes | undefined {
  return length > limits.connectionUnsentBytes ? new SharedBytes(length) : undefined;
}

/** @param length of the payload that follows, in bytes */
function frameHead(length: number): string {
  if (length < 126) return String.fromCharCode(finalText, length);
  if (length < 65_536) return String.fromCharCode(finalText, 126, length >> 8, length & 0xff);
  const head = Buffer.alloc(10);
  head[0] = finalText;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head.toString('latin1');
}
