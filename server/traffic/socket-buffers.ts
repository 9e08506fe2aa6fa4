/**
 * The send buffers of all connections: bytes sent and not yet read, and bytes being sent.
 * L43. Their total is bounded. Above the bound the most expensive connections are cut off, until an eighth of it is
 * free.
 *      Bytes shared by several connections count once, and cost each connection its share.
 */
import type { Logger } from '../../replica/environment/logger.ts';

/** Bytes that several connections write without copying. */
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

  /** @param cutOff destroys the connection at once */
  open(measured: Measured, cutOff: () => void): SocketBuffer {
    const buffer = new SocketBuffer(measured, cutOff, this);
    this.#open.add(buffer);
    return buffer;
  }

  /** Called by a socket buffer when its bytes change. */
  changed(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#maximumBytes) this.#relieve();
  }

  /** Called by a socket buffer when it is closed. */
  closed(buffer: SocketBuffer, bytes: number): void {
    this.#open.delete(buffer);
    this.#bytes -= bytes;
  }

  #relieve(): void {
    // Measure first: connections may have been read since they were last written to.
    for (const buffer of this.#open) this.#bytes += buffer.measure();
    const aim = (this.#maximumBytes * 7) / 8;
    if (this.#bytes <= aim) return;
    const costs = [...this.#open].map((buffer) => ({ buffer, cost: buffer.cost })).sort((a, b) => b.cost - a.cost);
    for (const { buffer, cost } of costs) {
      if (this.#bytes <= aim) return;
      this.#logger.warn(
        { bytes: Math.round(cost) },
        'a connection was cut off, as its unread or unsent bytes take too much memory',
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
  /** The connection's own bytes, as last measured. */
  #own = 0;
  #isClosed = false;

  constructor(measured: Measured, cutOff: () => void, all: SocketBuffers) {
    this.#measured = measured;
    this.#cutOff = cutOff;
    this.#all = all;
  }

  /** Must be called after each write. */
  written(): void {
    const change = this.measure();
    if (change !== 0) this.#all.changed(change);
  }

  /** Must be called before shared bytes are written. @returns a callback for when they have been sent, or given up */
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

  /** The bytes that cutting the connection off would count for. */
  get cost(): number {
    let cost = this.#own;
    for (const { bytes, holders } of this.#shared) cost += bytes / holders;
    return cost;
  }

  /** Called by SocketBuffers. @returns the change of the connection's own bytes */
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

  /** Must be called when the connection closes. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    let freed = this.#own;
    for (const shared of this.#shared) freed += this.#release(shared);
    this.#isClosed = true;
    this.#all.closed(this, freed);
  }

  /** @returns the bytes that no connection holds any more */
  #release(shared: SharedBytes): number {
    if (!this.#shared.delete(shared)) return 0;
    shared.holders -= 1;
    return shared.holders === 0 ? shared.bytes : 0;
  }
}
