/**
 * A running replica whose log does not go on where it stands: it was trimmed past it, or went back, or is another one; or has
 * an entry next that does not decode and a snapshot past it. Until that is settled it follows and appends nothing, and goes on
 * showing what it has. It loads beside its state and then swaps, in one turn (P31), or heals. docs/internals/protocol.md, P44, P45 and P48.
 */
import { isUndecodable, LogReplacedError, LogUnavailableError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { showsSame } from '../../crdt/document.ts';
import type { Head } from '../../crdt/version.ts';
import { pause, type Timers, turn } from '../../environment/timers.ts';
import type { KeptTransaction } from '../../history/kept-entries.ts';
import { checkFormat, type FormatRange } from '../../log/formats.ts';
import { noGeneration } from '../../log/ids.ts';
import type { GenerationName, Manifest } from '../../log/snapshots.ts';
import type { Prefix } from '../../state/prefix.ts';
import { isFurthest } from '../candidate.ts';
import type { Peers } from '../peers.ts';
import { LoadInterrupted, loadStored, readManifest } from '../snapshots/load.ts';
import { type HealParts, heal } from './heal.ts';
import { type Beginning, beginningsOf, type Found, isWithin, wayOn } from './way-on.ts';

type Key = readonly [collection: string, id: string];

export interface RejoinOptions extends Omit<HealParts, 'snapshots'> {
  readonly snapshots: HealParts['snapshots'] | undefined;
  readonly heartbeatMilliseconds: number;
  readonly state: { readonly prefix: Prefix };
  readonly peers: Pick<Peers, 'ownCandidate' | 'healers'>;
  readonly host: RejoinHost;
  /** The formats of a site that this version reads. */
  readonly reads: FormatRange;
  /** Aborted once the replica is closed. */
  readonly signal: AbortSignal;
}

/** Does what a rejoining replica decides on. */
export interface RejoinHost {
  /** Stops following and appending. */
  pause(problem: string): void;
  /** It stands in the log after all. */
  goOn(): void;
  /** Puts a prefix in the place of the one that is there, and follows the log again. @param changed documents that differ */
  swap(prefix: Prefix, changed: readonly Key[], lacking: readonly KeptTransaction[]): void;
  /** There is nothing that it could load or heal now. It goes on looking. */
  stopped(problem: string): void;
  learned(manifest: Manifest | undefined): void;
  /** A generation that this replica cannot load, or get on with. */
  missing(generation: GenerationName): void;
}

/** So many heartbeats others are given to notice, too, and to say that they may heal; then so many to heal who is further along. */
const heartbeatsToNotice = 2;
const heartbeatsToHeal = 10;

export class Rejoin {
  readonly #options: RejoinOptions;
  #working: Promise<void> | undefined;
  /** Whether what is stored lacked something that cannot be handed on, when it was loaded last. */
  #lacks = false;
  /** For its heartbeat. */
  mayHeal = false;

  constructor(options: RejoinOptions) {
    this.#options = options;
  }

  /** The log does not go on where this replica stands. */
  begin(problem: string): void {
    this.#start(() => this.#rejoin(problem));
  }

  /** The log has an entry next that does not decode: looks whether a snapshot past it is named. Called now and then. */
  passBlock(): void {
    const { log, reads } = this.#options;
    // P84. No snapshot of a site in a newer format helps: only another version does.
    if (log.format > reads[1]) return;
    this.#start(async () => {
      const manifest = await readManifest(this.#options);
      const { host, state } = this.#options;
      host.learned(manifest);
      const { head } = state.prefix;
      const begin = manifest?.generation.begin;
      if (begin?.log !== head.log || begin.position <= head.position) {
        host.missing(manifest?.generation.name ?? noGeneration);
        return;
      }
      await this.#rejoin('the log has an entry that does not decode');
    });
  }

  #start(work: () => Promise<void>): void {
    if (this.#working || this.#options.signal.aborted) return;
    this.#working = work()
      .catch((error: unknown) => {
        if (!(error instanceof LogUnavailableError))
          this.#options.logger.error({ err: error }, 'the log cannot be loaded');
      })
      .finally(() => {
        this.#working = undefined;
      });
  }

  async #rejoin(problem: string): Promise<void> {
    this.#lacks = false;
    this.#options.host.pause(`${problem}: loading what is stored`);
    await this.#untilDone((round) => this.#goOn(problem, round));
    this.mayHeal = false;
  }

  /** @param attempt is done when it gives true; called about once a heartbeat */
  async #untilDone(attempt: (round: number) => Promise<boolean>): Promise<void> {
    const { timers, heartbeatMilliseconds, signal, host, logger } = this.#options;
    for (let round = 0; !signal.aborted; round += 1) {
      try {
        if (await attempt(round)) return;
      } catch (error) {
        if (error instanceof LoadInterrupted && error.missing !== undefined) host.missing(error.missing);
        if (isUndecodable(error)) logger.error({ err: error }, 'the log that is there does not decode');
        // A replica that gave up would be lost to its site for good, so it tries again after any error.
        else if (!isPassing(error)) logger.error({ err: error }, 'the log cannot be loaded: trying again');
      }
      await pause(timers, heartbeatMilliseconds);
    }
  }

  /** @returns whether that is settled */
  async #goOn(problem: string, round: number): Promise<boolean> {
    const { log, state, host } = this.#options;
    const own = state.prefix;
    const head = await log.head();
    checkFormat(log.format, this.#options.reads);
    const manifest = await readManifest(this.#options);
    // Read in two steps: it was closed, or made, between them.
    if (manifest && manifest.generation.begin.log !== head?.log) return false;
    const isPast =
      manifest?.generation.begin.log === own.head.log && manifest.generation.begin.position > own.head.position;
    const next = head && (await this.#next(own.head));
    if (head && next === 'undecodable' && isPast) return this.#loadAndSwap(head);
    if (next === 'follows' || next === 'undecodable') {
      host.goOn();
      return true;
    }
    const shared = head && ((await this.#sharedBeginning(own, head, manifest)) ?? (await this.#sharedEnd(own, head)));
    const found = head && { head, manifest, shared };
    const way = wayOn(own, found);
    this.mayHeal = way === 'heal';
    if (way === 'load' && head) return this.#loadAndSwap(head);
    if (way === 'heal') return this.#heal(own, found, round);
    host.stopped(problem);
    return false;
  }

  async #sharedBeginning(own: Prefix, head: Head, manifest: Manifest | undefined): Promise<Beginning | undefined> {
    for (const beginning of beginningsOf(head, manifest))
      if (isWithin(beginning.origins, own.origins) && (await this.#next(beginning.head)) === 'follows')
        return beginning;
    return undefined;
  }

  /** The end of the log, if this replica has all of it: its snapshot does not matter then. */
  async #sharedEnd(own: Prefix, head: Head): Promise<Beginning | undefined> {
    const { log } = this.#options;
    if (!own.history.has(head.log, head.position, head.mark)) return undefined;
    const origins = await log.origins();
    // Read in two steps: it went on between them.
    return (await log.head())?.mark === head.mark ? { head, origins } : undefined;
  }

  /** Whether the log continues at a head: the next entry `follows`, or is `undecodable`; `none` if the log is another one. */
  async #next({ log: id, position, mark }: Head): Promise<'follows' | 'undecodable' | 'none'> {
    const { log } = this.#options;
    try {
      const [next] = await log.read(id, position, 1);
      if (next) return next.first === position + 1 && next.before === mark ? 'follows' : 'none';
      const head = await log.head();
      return head?.log === id && head.position === position && head.mark === mark ? 'follows' : 'none';
    } catch (error) {
      if (error instanceof LogReplacedError) return 'none';
      if (isUndecodable(error)) return 'undecodable';
      throw error;
    }
  }

  /** P45. @returns false: what began then is loaded next */
  async #heal(prefix: Prefix, found: Found | undefined, round: number): Promise<false> {
    const { snapshots, peers } = this.#options;
    const isTurn = isFurthest(peers.ownCandidate, peers.healers()) || round > heartbeatsToNotice + heartbeatsToHeal;
    if (snapshots && round >= heartbeatsToNotice && isTurn) await heal({ ...this.#options, snapshots }, prefix, found);
    return false;
  }

  /** @returns whether it is done */
  async #loadAndSwap(head: Head): Promise<boolean> {
    const { log, timers, state, host, signal } = this.#options;
    const own = state.prefix;
    // Do not load everything again and again.
    if (this.#lacks && !own.kept.lackingFrom(await log.origins())) return false;
    const loaded = await loadStored(this.#options, head);
    host.learned(loaded.manifest);
    if (loaded.missing !== undefined) host.missing(loaded.missing);
    const lacking = own.kept.lackingFrom(loaded.prefix.origins);
    this.#lacks = lacking === undefined;
    if (!lacking) {
      host.stopped('the log that is there lacks something that this replica does not keep one by one any more');
      return false;
    }
    const changed = await differences(own, loaded.prefix, timers);
    if (!signal.aborted) host.swap(loaded.prefix, changed, lacking);
    return true;
  }
}

/** Something was away, or changed meanwhile: tried again. */
const isPassing = (error: unknown): boolean =>
  error instanceof LoadInterrupted || error instanceof LogUnavailableError || error instanceof LogReplacedError;

/** Documents that differ between two prefixes, which stand still meanwhile; found in many short turns. */
async function differences(before: Prefix, after: Prefix, timers: Timers): Promise<readonly Key[]> {
  const changed: Key[] = [];
  let left: number = limits.keysPerTurn;
  const compare = async ([collection, id]: Key) => {
    const [one, other] = [before.state(collection, id), after.state(collection, id)];
    const isSame =
      one &&
      other &&
      one.lastWriter.origin === other.lastWriter.origin &&
      one.lastWriter.number === other.lastWriter.number &&
      showsSame(one, other);
    if (!isSame) changed.push([collection, id]);
    left -= 1;
    if (left > 0) return;
    await turn(timers);
    left = limits.keysPerTurn;
  };
  for (const key of after.keys()) await compare(key);
  for (const key of before.keys()) if (!after.state(...key)) await compare(key);
  return changed;
}
