/**
 * Downloads one content from other replicas. docs/internals/transfer.md has a picture.
 * T4. See chunk-window.ts. T5. One holder is asked at a time. A holder that sends nothing for a while, or no longer has
 * the content, is replaced by another that announced it; without one, all replicas are asked again, a limited number of
 * times.
 * T6. Received bytes are kept, in order, in the store's partial: the next fetch, in this process or a later one,
 * resumes there.
 * T7. No byte is readable before the hash of the whole is verified. If it is wrong, all bytes are discarded and fetched
 * again.
 */
import { createHash, type Hash } from 'node:crypto';
import { limits } from '../../limits.ts';
import type { PartialBlob, Sha256 } from '../blobs/blobs.ts';
import { ChunkWindow, type Wanted } from './chunk-window.ts';
import { type Chunk, encodeMessage, type Holding } from './messages.ts';
import type { Send, TransferCounters, TransferOptions } from './ports.ts';

export type DownloadStatus = 'PROGRESS' | 'COMPLETED' | 'UNAVAILABLE';

export interface Progress {
  readonly status: DownloadStatus;
  /** Bytes. */
  readonly downloaded: number;
}

export type DownloadOptions = Pick<TransferOptions, 'id' | 'blobs' | 'peers' | 'timers' | 'random' | 'logger'>;

export class Download {
  readonly sha256: Sha256;
  readonly size: number;
  readonly #options: DownloadOptions;
  readonly #send: Send;
  readonly #ask: () => void;
  readonly #counters: TransferCounters;
  readonly #watchers = new Set<(progress: Progress) => void>();
  readonly #holders = new Set<string>();
  /** The replicas that denied having it since all were last asked. */
  readonly #without = new Set<string>();
  #status: DownloadStatus = 'PROGRESS';
  #downloaded = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #toldBytes = 0;
  #window: ChunkWindow | undefined;
  #holder: string | undefined;
  #hasBegun = false;
  #questions = 0;
  #stalls = 0;
  #timer: Disposable | undefined;
  #stopped = false;
  #drops = false;
  /** Wakes the writer: a chunk has arrived, or the download is stopped. */
  #wake: () => void = () => {};

  /** @param ask asks all replicas which of them have the content */
  constructor(
    content: { readonly sha256: Sha256; readonly size: number },
    options: DownloadOptions,
    send: Send,
    ask: () => void,
    counters: TransferCounters,
  ) {
    this.sha256 = content.sha256;
    this.size = content.size;
    this.#options = options;
    this.#send = send;
    this.#ask = ask;
    this.#counters = counters;
  }

  get progress(): Progress {
    return { status: this.#status, downloaded: this.#downloaded };
  }

  /** Calls `told` at once, then at intervals while it progresses, and once at its end. */
  watch(told: (progress: Progress) => void): Disposable {
    told(this.progress);
    if (this.#status === 'PROGRESS') this.#watchers.add(told);
    return { [Symbol.dispose]: () => void this.#watchers.delete(told) };
  }

  /** Runs the download to its end and notifies the watchers. Never rejects. */
  async run(): Promise<void> {
    try {
      const isHere = await this.#fetch();
      this.#end(isHere ? 'COMPLETED' : 'UNAVAILABLE');
    } catch (error) {
      this.#options.logger.error({ err: error, sha256: this.sha256 }, 'the bytes of an attachment could not be stored');
      this.#end('UNAVAILABLE');
    }
  }

  /** Ends the download as unavailable; the received bytes stay for a later one. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  /** Ends the download as unavailable and deletes the received bytes. */
  drop(): void {
    this.#drops = true;
    this.stop();
  }

  answered(from: string, { size }: Holding): void {
    if (this.#window === undefined) return;
    if (size === this.size) {
      this.#questions = 0;
      this.#holders.add(from);
      if (this.#holder === undefined) this.#choose();
      return;
    }
    this.#without.add(from);
    this.#holders.delete(from);
    if (this.#holder === from) this.#leaveHolder();
    else if (this.#holder === undefined && this.#nobodyHasIt()) this.stop();
  }

  received(chunk: Chunk): void {
    if (this.#window?.accept(chunk) !== true) return;
    this.#hasBegun = true;
    this.#stalls = 0;
    this.#counters.bytesFetched += chunk.bytes.length;
    this.#wait(limits.transferRetryMilliseconds);
    this.#wake();
  }

  async #fetch(): Promise<boolean> {
    for (let attempt = 1; attempt <= limits.transferAttempts; attempt += 1) {
      await using partial = await this.#options.blobs.openPartial(this.sha256);
      const sha256 = await this.#hashOfAll(partial);
      if (sha256 === this.sha256) {
        await partial.keep(sha256);
        return true;
      }
      if (sha256 !== undefined) {
        this.#options.logger.warn(
          { sha256: this.sha256, attempt },
          'the fetched bytes have the wrong hash: fetching them again',
        );
        this.#holder = undefined;
      }
      if (sha256 !== undefined || this.#drops) await partial.discard();
      if (this.#stopped) break;
    }
    return false;
  }

  /** Undefined if the download was stopped before its end. */
  async #hashOfAll(partial: PartialBlob): Promise<Sha256 | undefined> {
    const hash = createHash('sha256');
    for await (const bytes of partial.read()) {
      if (this.#stopped) break;
      hash.update(bytes);
    }
    this.#advanced(partial.size);
    this.#window = new ChunkWindow(partial.size, this.size, limits.transferChunkBytes, limits.transferWindow);
    if (partial.size < this.size) this.#askEverybody();
    try {
      await this.#fill(partial, this.#window, hash);
    } finally {
      this.#window = undefined;
      this.#timer?.[Symbol.dispose]();
    }
    return this.#stopped ? undefined : hash.digest('hex');
  }

  async #fill(partial: PartialBlob, window: ChunkWindow, hash: Hash): Promise<void> {
    while (partial.size < this.size && !this.#stopped) {
      this.#request(window.advance(partial.size));
      const bytes = window.take(partial.size);
      if (bytes === undefined) {
        await this.#chunkOrStop();
        continue;
      }
      hash.update(bytes);
      await partial.append(bytes);
      this.#advanced(partial.size);
    }
  }

  #chunkOrStop(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#stopped) resolve();
    });
  }

  #request(wanted: readonly Wanted[]): void {
    if (this.#holder === undefined) return;
    const { sha256 } = this;
    const { id: from } = this.#options;
    for (const chunk of wanted)
      void this.#send(this.#holder, encodeMessage({ kind: 'request', from, sha256, ...chunk }));
  }

  /** Picks a holder at random, to spread the load. */
  #choose(): void {
    const holders = [...this.#holders];
    const [a = 0, b = 0] = this.#options.random(2);
    this.#holder = holders[(a * 256 + b) % Math.max(1, holders.length)];
    if (this.#holder === undefined || this.#window === undefined) return;
    this.#request(this.#window.wanted);
    this.#wait(limits.transferRetryMilliseconds);
  }

  #leaveHolder(): void {
    if (this.#holder !== undefined) this.#holders.delete(this.#holder);
    this.#holder = undefined;
    this.#stalls += 1;
    if (this.#stalls > limits.transferStalls) {
      this.stop();
      return;
    }
    this.#choose();
    this.#askEverybody();
  }

  #askEverybody(): void {
    this.#without.clear();
    this.#questions += 1;
    if (this.#questions > (this.#hasBegun ? limits.transferQuestionsOnceBegun : limits.transferQuestions)) {
      this.stop();
      return;
    }
    this.#ask();
    if (this.#holder === undefined) this.#wait(limits.locateMilliseconds);
  }

  /** After this time without progress, asks again or changes the holder. */
  #wait(milliseconds: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.timers.after(milliseconds, () => {
      if (this.#downloaded !== this.#toldBytes) this.#tell();
      if (this.#holder === undefined) this.#askEverybody();
      else if (this.#window?.wanted.length === 0) this.#wait(milliseconds);
      else this.#leaveHolder();
    });
  }

  #nobodyHasIt(): boolean {
    const peers = this.#options.peers();
    return peers.length > 0 && peers.every((peer) => this.#without.has(peer));
  }

  #advanced(downloaded: number): void {
    this.#downloaded = downloaded;
    if (this.#options.timers.now() - this.#toldAt >= limits.fetchProgressMilliseconds) this.#tell();
  }

  #tell(): void {
    this.#toldAt = this.#options.timers.now();
    this.#toldBytes = this.#downloaded;
    for (const told of this.#watchers) told(this.progress);
  }

  #end(status: 'COMPLETED' | 'UNAVAILABLE'): void {
    this.#status = status;
    if (status === 'COMPLETED') this.#counters.fetchesCompleted += 1;
    else if (!this.#drops) this.#counters.fetchesUnavailable += 1;
    for (const told of this.#watchers) told(this.progress);
    this.#watchers.clear();
  }
}
