/**
 * Serves others what is here.
 * T3. A chunk is served to who asks for it by content and place; nothing is remembered of who asks. At most
 * limits.servedAtOnce are read and sent at once and limits.servedWaiting wait; more are dropped, for they are asked for again.
 */
import { buffer } from 'node:stream/consumers';
import { limits } from '../../limits.ts';
import type { Sha256 } from '../blobs/blobs.ts';
import type { ChunkRequest, Holding } from './messages.ts';
import type { Send, TransferCounters, TransferOptions } from './ports.ts';

export class Holder {
  readonly #options: Pick<TransferOptions, 'blobs' | 'logger'>;
  readonly #send: Send;
  readonly #counters: TransferCounters;
  /** By what is asked: who asks again while it waits is served once. */
  readonly #waiting = new Map<string, () => Promise<void>>();
  readonly #serving = new Set<Promise<void>>();
  #closed = false;

  constructor(options: Pick<TransferOptions, 'blobs' | 'logger'>, send: Send, counters: TransferCounters) {
    this.#options = options;
    this.#send = send;
    this.#counters = counters;
  }

  answer(to: string, contents: readonly Sha256[]): void {
    this.#enqueue(`${to} ${contents.join()}`, async () => {
      const holdings: Holding[] = [];
      for (const sha256 of contents) holdings.push({ sha256, size: await this.#options.blobs.size(sha256) });
      if (holdings.length > 0) await this.#send(to, { kind: 'answer', holdings });
    });
  }

  serve(to: string, { sha256, offset, length }: ChunkRequest): void {
    this.#enqueue(`${to} ${sha256} ${offset} ${length}`, async () => {
      const { blobs } = this.#options;
      const size = await blobs.size(sha256);
      const isWithin = size !== undefined && offset + length <= size;
      const stream = isWithin ? await blobs.open(sha256, { start: offset, end: offset + length - 1 }) : undefined;
      if (stream === undefined) {
        await this.#send(to, { kind: 'answer', holdings: [{ sha256, size: isWithin ? undefined : size }] });
        return;
      }
      const bytes = await buffer(stream);
      await this.#send(to, { kind: 'chunk', sha256, offset, bytes });
      this.#counters.bytesServed += bytes.length;
    });
  }

  /** Serves nothing from now on; settles when what was being served is done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    await Promise.all(this.#serving);
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
          this.#options.logger.error({ err: error }, 'bytes of an attachment could not be read for another replica');
        })
        .finally(() => {
          this.#serving.delete(serving);
          this.#serveWaiting();
        });
      this.#serving.add(serving);
    }
  }
}
