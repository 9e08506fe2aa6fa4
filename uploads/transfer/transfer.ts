/**
 * Transfers attachments' bytes between replicas: dispatches the messages of the channel and queues downloads.
 * docs/internals/transfer.md.
 */
import { isUndecodable } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Sha256 } from '../blobs/blobs.ts';
import { Download } from './download.ts';
import { Holder } from './holder.ts';
import { Locator } from './locator.ts';
import { decodeMessage, type Message } from './messages.ts';
import type { Send, TransferCounters, TransferOptions } from './ports.ts';

/** The interval between log lines about malformed messages, as a faulty peer sends many. */
const malformedLogMilliseconds = 60_000;

export class Transfer {
  readonly counters: TransferCounters = {
    malformedMessages: 0,
    messagesUnsent: 0,
    requestsDropped: 0,
    bytesServed: 0,
    bytesFetched: 0,
    fetchesCompleted: 0,
    fetchesUnavailable: 0,
  };
  readonly #options: TransferOptions;
  readonly #send: Send;
  readonly #locator: Locator;
  readonly #holder: Holder;
  /** All downloads, running and waiting; `#waiting` is a queue. */
  readonly #downloads = new Map<Sha256, Download>();
  readonly #waiting = new Set<Download>();
  readonly #running = new Map<Download, Promise<void>>();
  #subscription: AsyncDisposable | undefined;
  #malformedLoggedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: TransferOptions) {
    this.#options = options;
    this.#send = async (to, message) => {
      try {
        await options.channel.send(to, message);
        return true;
      } catch {
        this.counters.messagesUnsent += 1;
        return false;
      }
    };
    this.#locator = new Locator(options, this.#send);
    this.#holder = new Holder(options, this.#send, this.counters);
  }

  /** Starts to answer other replicas and to receive their answers. */
  async open(): Promise<void> {
    this.#subscription = await this.#options.channel.subscribe((bytes) => this.#received(bytes));
  }

  /** Whether any other replica has the content. */
  isElsewhere(sha256: Sha256): Promise<boolean> {
    return this.#locator.isElsewhere(sha256);
  }

  /**
   * T8. A fetch belongs to the replica: returns the running one, or starts one. At most limits.transfersAtOnce run.
   * @returns undefined if too many are waiting already
   */
  download(sha256: Sha256, size: number): Download | undefined {
    const underWay = this.#downloads.get(sha256);
    if (underWay !== undefined) return underWay;
    if (this.#closed || this.#waiting.size >= limits.transfersWaiting) return undefined;
    const download = this.#newDownload(sha256, size);
    this.#runWaiting();
    return download;
  }

  /** Stops the fetch of a content and deletes all that was received of it. */
  async drop(sha256: Sha256): Promise<void> {
    const download = this.#downloads.get(sha256) ?? this.#newDownload(sha256, 0);
    download.drop();
    if (this.#waiting.has(download)) this.#run(download);
    await this.#running.get(download);
  }

  /** Stops all fetches; the received bytes stay for the next process. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#subscription?.[Symbol.asyncDispose]();
    this.#locator.close();
    for (const download of this.#downloads.values()) download.stop();
    while (this.#running.size > 0) await Promise.all(this.#running.values());
    await this.#holder.close();
  }

  #newDownload(sha256: Sha256, size: number): Download {
    const ask = () => this.#locator.ask(sha256);
    const download = new Download({ sha256, size }, this.#options, this.#send, ask, this.counters);
    this.#downloads.set(sha256, download);
    this.#waiting.add(download);
    return download;
  }

  #runWaiting(): void {
    for (const download of this.#waiting) {
      if (this.#running.size >= limits.transfersAtOnce) return;
      this.#run(download);
    }
  }

  #run(download: Download): void {
    this.#waiting.delete(download);
    const running = download.run().then(() => {
      this.#running.delete(download);
      this.#downloads.delete(download.sha256);
      this.#runWaiting();
    });
    this.#running.set(download, running);
  }

  /** T9. Malformed messages, and those of an unknown format, are counted and dropped. */
  #received(bytes: Uint8Array): void {
    let message: Message;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      if (!isUndecodable(error)) throw error;
      this.counters.malformedMessages += 1;
      const now = this.#options.timers.now();
      if (now - this.#malformedLoggedAt >= malformedLogMilliseconds) {
        this.#malformedLoggedAt = now;
        this.#options.logger.warn({ problem: error.message }, 'dropped a malformed message about attachments');
      }
      return;
    }
    if (message.from !== this.#options.id) this.#dispatch(message);
  }

  #dispatch(message: Message): void {
    switch (message.kind) {
      case 'question':
        this.#holder.answer(message.from, message.contents);
        break;
      case 'answer':
        for (const holding of message.holdings) {
          this.#locator.answered(message.from, holding);
          this.#downloads.get(holding.sha256)?.answered(message.from, holding);
        }
        break;
      case 'request':
        this.#holder.serve(message.from, message);
        break;
      case 'chunk':
        this.#downloads.get(message.sha256)?.received(message);
        break;
    }
  }
}
