/**
 * Serves local contents to other replicas.
 * T3. A chunk is served to any replica that requests it by content and offset; no state is kept per requester. At most
 * limits.servedAtOnce requests are read and sent at once and limits.servedWaiting wait; more are dropped, as they will
 * be repeated.
 */
import { limits } from '../../limits.ts';
import type { Sha256 } from '../blobs/blobs.ts';
import { type ChunkRequest, chunkHeadBytes, encodeMessage, type Holding } from './messages.ts';
import type { Send, TransferCounters, TransferOptions } from './ports.ts';

export class Holder {
  readonly #options: Pick<TransferOptions, 'id' | 'blobs' | 'logger'>;
  readonly #send: Send;
  readonly #counters: TransferCounters;
  /** By request: one that is repeated while it waits is served once. */
  readonly #waiting = new Map<string, () => Promise<void>>();
  readonly #serving = new Set<Promise<void>>();
  /** Reused buffers: otherwise a large content would create garbage of its own size faster than it is collected. */
  readonly #frames: Buffer[] = [];
  #closed = false;

  constructor(options: Pick<TransferOptions, 'id' | 'blobs' | 'logger'>, send: Send, counters: TransferCounters) {
    this.#options = options;
    this.#send = send;
    this.#counters = counters;
  }

  answer(to: string, contents: readonly Sha256[]): void {
    this.#enqueue(`${to} ${contents.join()}`, async () => {
      const holdings: Holding[] = [];
      for (const sha256 of contents) holdings.push({ sha256, size: await this.#options.blobs.size(sha256) });
      if (holdings.length > 0) await this.#answer(to, holdings);
    });
  }

  serve(to: string, { sha256, offset, length }: ChunkRequest): void {
    this.#enqueue(`${to} ${sha256} ${offset} ${length}`, async () => {
      const { id: from, blobs } = this.#options;
      const head = chunkHeadBytes(from);
      const frame = this.#frames.pop() ?? Buffer.allocUnsafe(head + limits.transferChunkBytes);
      const bytes = frame.subarray(head, head + length);
      if (await blobs.read(sha256, offset, bytes)) {
        const isSent = await this.#send(to, encodeMessage({ kind: 'chunk', from, sha256, offset, bytes }, frame));
        // A message that could not be handed over may still be in transit: do not reuse its frame.
        if (isSent) this.#frames.push(frame);
        this.#counters.bytesServed += length;
        return;
      }
      this.#frames.push(frame);
      await this.#answer(to, [{ sha256, size: await blobs.size(sha256) }]);
    });
  }

  /** Stops serving; resolves when the requests in progress are done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    await Promise.all(this.#serving);
  }

  async #answer(to: string, holdings: readonly Holding[]): Promise<void> {
    await this.#send(to, encodeMessage({ kind: 'answer', from: this.#options.id, holdings }));
  }

  #enqueue(what: string, serve: () => Promise<void>): void {
    if (this.#closed || this.#waiting.has(what)) return;
    if (this.#waiting.size >= limits.servedWaiting) {
      this.#counters.requestsDropped += 1;
      return;
    }
    this.#waiting.set(what, serve);
    this.#serveWaiting();
  }

  #serveWaiting(): void {
    for (const [what, serve] of this.#waiting) {
      if (this.#serving.size >= limits.servedAtOnce) return;
      this.#waiting.delete(what);
      const serving = serve()
        .catch((error: unknown) => {
          this.#options.logger.error({ err: error }, 'an attachment could not be read for another replica');
        })
        .finally(() => {
          this.#serving.delete(serving);
          this.#serveWaiting();
        });
      this.#serving.add(serving);
    }
  }
}
