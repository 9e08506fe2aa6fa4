/**
 * Writes snapshots, trims the log, and deletes what no manifest names any more. docs/internals/protocol.md, P19 to P28 and P32.
 * Any replica may do it; the lease says who does. It may die, be paused or lose the lease at any step: what it left behind
 * expires or is deleted by the next one, and nothing that it does later is taken.
 */
import { LogReplacedError, LogUnavailableError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import type { Logger } from '../../environment/logger.ts';
import type { Random } from '../../environment/random.ts';
import type { Timers } from '../../environment/timers.ts';
import { newSecret, noGeneration } from '../../log/ids.ts';
import type { Generation, GenerationName, ListedGeneration, Manifest, Snapshots } from '../../log/snapshots.ts';
import type { Prefix } from '../../state/prefix.ts';
import { readManifest, trimmedUpTo } from './load.ts';
import { chunkCount, writeChunks } from './write-chunks.ts';

export interface SnapshotWriterOptions {
  readonly snapshots: Snapshots;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** Its prefix is another one once it was loaded anew. */
  readonly state: { readonly prefix: Prefix };
  readonly minimumBytes: number;
  readonly leaseMilliseconds: number;
  readonly chunkKeepMilliseconds: number;
  /** In one chunk, about; also how many keys are looked at in one turn. */
  readonly chunkDocuments: number;
}

/** Why a generation was given up. */
class GivenUp extends Error {}

export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  #known: Manifest | undefined;
  /** A generation that somebody cannot load. */
  #requested: GenerationName | undefined;
  /** Named here, and the log not trimmed up to where it may be. */
  #untrimmed: Manifest | undefined;
  #working: Promise<void> | undefined;
  /** Set for a while after each try: whoever fails, or comes second, or is asked again and again, does not try all the time. */
  #rest: Disposable | undefined;
  #stopped = false;
  /** Snapshots written by this process. */
  written = 0;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
  }

  /** The newest generation, as far as it was heard of here. */
  get generation(): Generation | undefined {
    return this.#known?.generation;
  }

  /** Bytes in the log since the newest generation, about. */
  get logBytes(): number {
    const { head, marks } = this.#options.state.prefix;
    const begin = this.#known?.generation.begin;
    return marks.bytesAfter(begin?.log === head.log ? begin.position : 0);
  }

  /** A manifest that was read. */
  learn(manifest: Manifest | undefined): void {
    this.#known = manifest;
    if (this.#requested !== undefined && this.#requested !== nameOf(manifest)) this.#requested = undefined;
  }

  /** Somebody cannot load a generation, and this replica has what it holds. */
  request(missing: GenerationName): void {
    this.#requested = missing;
    this.consider();
  }

  /** Begins to write a snapshot if one is due and none is under way. Call it now and then. */
  consider(): void {
    const isDue = this.#isDue() || this.#untrimmed !== undefined;
    if (this.#stopped || this.#working || this.#rest || !isDue) return;
    const { timers, leaseMilliseconds } = this.#options;
    this.#rest = timers.after(leaseMilliseconds, () => {
      this.#rest = undefined;
    });
    this.#working = this.#work()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#working = undefined;
      });
  }

  /** Gives up what is under way; settles once that is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#rest?.[Symbol.dispose]();
    await this.#working;
  }

  /** P32. */
  #isDue(): boolean {
    if (this.#requested !== undefined) return true;
    const growth = limits.snapshotGrowth * (this.#known?.generation.bytes ?? 0);
    return this.logBytes > Math.max(this.#options.minimumBytes, growth);
  }

  async #work(): Promise<void> {
    const { snapshots, random, leaseMilliseconds } = this.#options;
    if (this.#untrimmed) await this.#trim(this.#untrimmed);
    if (!this.#isDue()) return;
    const lease = newSecret(random);
    if (!(await snapshots.takeLease('snapshot', lease, leaseMilliseconds))) {
      this.learn(await readManifest(this.#options));
      return;
    }
    try {
      await this.#write(lease);
    } finally {
      await snapshots.releaseLease('snapshot', lease);
    }
  }

  #failed(error: unknown): void {
    const { logger } = this.#options;
    if (error instanceof GivenUp) logger.warn({ problem: error.message }, 'a snapshot was given up');
    else if (error instanceof LogReplacedError || error instanceof LogUnavailableError)
      logger.warn({ err: error }, 'a snapshot could not be written');
    else logger.error({ err: error }, 'writing a snapshot failed');
  }

  async #write(token: string): Promise<void> {
    const { snapshots, logger } = this.#options;
    const manifest = await readManifest(this.#options);
    this.learn(manifest);
    const prefix = this.#options.state.prefix;
    const isBehind =
      manifest?.generation.begin.log === prefix.head.log && manifest.generation.begin.position > prefix.head.position;
    // Somebody else wrote one meanwhile.
    if (isBehind || !this.#isDue()) return;

    const isMissing = this.#requested !== undefined && this.#requested === manifest?.generation.name;
    const before = isMissing ? manifest.before : manifest?.generation;
    const name = newSecret(this.#options.random);
    const { head: begin, skipped } = prefix;
    const origins = new Map(prefix.origins);
    const bytesAtMost = (this.#known?.generation.bytes ?? 0) + this.logBytes;
    const chunks = chunkCount(prefix, bytesAtMost, this.#options.chunkDocuments);
    const listed = await snapshots.list({ name, chunks }, token);
    if (!listed) throw new GivenUp('the lease is over');
    const bytes = await this.#putChunks(prefix, { name, chunks }, token);
    if (!(await snapshots.makePermanent({ name, chunks }))) throw new GivenUp('a chunk of it is gone');
    const next: Manifest = {
      generation: { name, begin, chunks, bytes, origins, skipped },
      before: before?.begin.log === begin.log ? before : undefined,
      closedLogs: prefix.closedLogs,
    };
    this.#checkPrefix(prefix);
    if (!(await snapshots.name(next, prefix.head, token))) throw new GivenUp('the lease is over');
    this.learn(next);
    this.written += 1;
    logger.info(
      { generation: name, log: begin.log, position: begin.position, chunks, bytes },
      'a snapshot was written',
    );
    await this.#trim(next);
    await this.#deleteAll(listed, next);
  }

  /** P22, P26. @returns the bytes of all chunks */
  async #putChunks(prefix: Prefix, generation: ListedGeneration, token: string): Promise<number> {
    const { snapshots, timers, leaseMilliseconds, chunkKeepMilliseconds } = this.#options;
    let renewedAt = timers.now();
    const renew = async () => {
      this.#checkPrefix(prefix);
      if (timers.now() - renewedAt < leaseMilliseconds / 3) return;
      renewedAt = timers.now();
      if (!(await snapshots.renewLease('snapshot', token, leaseMilliseconds))) throw new GivenUp('the lease is over');
      this.#checkPrefix(prefix);
    };
    return writeChunks({
      snapshots,
      timers,
      prefix,
      generation,
      label: () => prefix.head,
      chunkKeepMilliseconds,
      keysPerTurn: this.#options.chunkDocuments,
      renew,
    });
  }

  #checkPrefix(prefix: Prefix): void {
    if (this.#stopped) throw new GivenUp('the replica stops');
    if (this.#options.state.prefix !== prefix) throw new GivenUp('the state was loaded anew');
  }

  /** P24. */
  async #trim(manifest: Manifest): Promise<void> {
    const { snapshots, state, logger } = this.#options;
    const { name, begin } = manifest.generation;
    const { head } = state.prefix;
    this.#untrimmed = undefined;
    if (head.log !== begin.log || this.#known?.generation.name !== name) return;
    const upTo = trimmedUpTo(manifest);
    if (!(await snapshots.trim(upTo, name, head))) this.#untrimmed = manifest;
    else logger.info({ log: begin.log, position: upTo }, 'the log was trimmed');
  }

  /** P21. Of what was listed before a generation that is named now, all but the one before it. */
  async #deleteAll(listed: readonly ListedGeneration[], { generation, before }: Manifest): Promise<void> {
    for (const one of listed)
      if (one.name !== generation.name && one.name !== before?.name) await this.#options.snapshots.delete(one);
  }
}

const nameOf = (manifest: Manifest | undefined): GenerationName => manifest?.generation.name ?? noGeneration;
