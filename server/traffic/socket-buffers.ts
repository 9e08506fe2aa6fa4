/**
 * What connections were sent and have not taken, and what they began to send.
 * L43. It is bounded for all of them together. Past the bound those that cost most are cut off, until an eighth of it is free.
 *      Bytes that several connections hold count once, and cost each of them its share.
 */
import type { Logger } from '../../replica/environment/logger.ts';

/** Bytes that many streams write without a copy. */
export class SharedBytes {
  readonly bytes: number;
  holders = 0;

  constructor(bytes: number) {
    this.bytes = bytes;
  }
}

export interface SocketBuffersOptions {
  readonly maximumBytes: number;
  readonly logger: Logger;
}

export class SocketBuffers {
  readonly #maximumBytes: number;
  readonly #logger: Logger;
  readonly #open = new Set<SocketBuffer>();
  #bytes = 0;

  constructor({ maximumBytes, logger }: SocketBuffersOptions) {
    this.#maximumBytes = maximumBytes;
    this.#logger = logger;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @param cutOff ends the connection at once */
  open(measured: Measured, cutOff: () => void): SocketBuffer {
    const buffer = new SocketBuffer(measured, cutOff, this);
    this.#open.add(buffer);
    return buffer;
  }

  /** For a socket buffer. */
  changed(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#maximumBytes) this.#relieve();
  }

  /** For a socket buffer: it holds nothing any more. */
  closed(buffer: SocketBuffer, bytes: number): void {
    this.#open.delete(buffer);
    this.#bytes -= bytes;
  }

  #relieve(): void {
    // What was taken since a connection was last written to.
    for (const buffer of this.#open) this.#bytes += buffer.measure();
    const aim = (this.#maximumBytes * 7) / 8;
    if (this.#bytes <= aim) return;
    const costs = [...this.#open].map((buffer) => ({ buffer, cost: buffer.cost })).sort((a, b) => b.cost - a.cost);
    for (const { buffer, cost } of costs) {
      if (this.#bytes <= aim) return;
      this.#logger.warn(
        { bytes: Math.round(cost) },
        'a connection was cut off, as what is unread, or was begun to be sent, takes too much memory',
      );
      buffer.cutOff();
    }
  }
}

interface Measured {
  readonly bufferedBytes: number;
}

export class SocketBuffer {
  readonly #measured: Measured;
  readonly #cutOff: () => void;
  readonly #all: SocketBuffers;
  readonly #shared = new Set<SharedBytes>();
  /** As it was last measured: what is its own. */
  #own = 0;
  #isClosed = false;

  constructor(measured: Measured, cutOff: () => void, all: SocketBuffers) {
    this.#measured = measured;
    this.#cutOff = cutOff;
    this.#all = all;
  }

  /** Called after each write. */
  written(): void {
    const change = this.measure();
    if (change !== 0) this.#all.changed(change);
  }

  /** Called before shared bytes are written. @returns to be called once they are taken, or given up */
  share(shared: SharedBytes): () => void {
    if (this.#isClosed || this.#shared.has(shared)) return () => undefined;
    this.#shared.add(shared);
    shared.holders += 1;
    if (shared.holders === 1) this.#all.changed(shared.bytes);
    return () => {
      const freed = this.#release(shared);
      if (freed > 0) this.#all.changed(-freed);
    };
  }

  /** Bytes, for whoever decides which connection to cut off. */
  get cost(): number {
    let cost = this.#own;
    for (const { bytes, holders } of this.#shared) cost += bytes / holders;
    return cost;
  }

  /** For all socket buffers. @returns by how much its own bytes have changed */
  measure(): number {
    if (this.#isClosed) return 0;
    let own = this.#measured.bufferedBytes;
    if (this.#shared.size > 0) for (const { bytes } of this.#shared) own -= bytes;
    own = Math.max(own, 0);
    const change = own - this.#own;
    this.#own = own;
    return change;
  }

  cutOff(): void {
    this.close();
    this.#cutOff();
  }

  /** The connection is over. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    let freed = this.#own;
    for (const shared of this.#shared) freed += this.#release(shared);
    this.#isClosed = true;
    this.#all.closed(this, freed);
  }

  /** @returns the bytes that nobody holds any more */
  #release(shared: SharedBytes): number {
    if (!this.#shared.delete(shared)) return 0;
    shared.holders -= 1;
    return shared.holders === 0 ? shared.bytes : 0;
  }
}
