/**
 * A running replica that cannot follow its log where it stands: the log was trimmed past it, or has an entry next that does
 * not decode and a snapshot past it. It loads beside its state and goes on showing that; then it swaps, in one turn. P31.
 */
import { LogUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { showsSame } from '../crdt/document.ts';
import type { Head } from '../crdt/version.ts';
import { noGeneration } from '../log/manifest.ts';
import type { GenerationName, Manifest } from '../log/snapshots.ts';
import type { Timers } from '../options.ts';
import type { Prefix } from '../prefix.ts';
import { isPast, LoadInterrupted, type LoadParts, loadStored, readManifest } from './load.ts';

type Key = readonly [collection: string, id: string];

export interface RejoinOptions extends LoadParts {
  readonly timers: Timers;
  readonly retryMilliseconds: readonly [number, number];
  readonly prefix: () => Prefix;
  /** Follows nothing, and appends nothing, from now on. */
  readonly pause: (problem: string) => void;
  /** Puts a prefix in the place of the one that is there, and follows the log again. @param changed documents that differ */
  readonly swap: (prefix: Prefix, changed: readonly Key[]) => void;
  /** It is not the log that this replica stands in, and there is nothing to load. */
  readonly replaced: (problem: string) => void;
  readonly learned: (manifest: Manifest | undefined) => void;
  /** A generation that this replica cannot load, or get on with. */
  readonly missing: (generation: GenerationName) => void;
  readonly closed: () => boolean;
}

export class Rejoin {
  readonly #options: RejoinOptions;
  #working: Promise<void> | undefined;

  constructor(options: RejoinOptions) {
    this.#options = options;
  }

  /** The log does not go on where this replica stands. */
  begin(problem: string): void {
    this.#start(() => this.#rejoin(problem, isPast));
  }

  /** The log has an entry next that does not decode: looks whether a snapshot past it is named. Called now and then. */
  passBlock(): void {
    this.#start(async () => {
      const manifest = await readManifest(this.#options);
      this.#options.learned(manifest);
      if (beginsPast(manifest, this.#options.prefix().head))
        await this.#rejoin('the log has an entry that does not decode', beginsPast);
      else this.#options.missing(manifest?.generation.name ?? noGeneration);
    });
  }

  #start(work: () => Promise<void>): void {
    if (this.#working || this.#options.closed()) return;
    this.#working = work()
      .catch((error: unknown) => {
        if (!(error instanceof LogUnavailableError))
          this.#options.logger.error({ err: error }, 'the log cannot be loaded');
      })
      .finally(() => {
        this.#working = undefined;
      });
  }

  async #rejoin(problem: string, leadsOn: typeof isPast): Promise<void> {
    const { timers, retryMilliseconds, pause, replaced, closed, missing } = this.#options;
    const own = this.#options.prefix().head;
    pause(`${problem}: loading what is stored`);
    let [milliseconds, maximum] = retryMilliseconds;
    while (!closed()) {
      try {
        if (await this.#loadAndSwap(own, leadsOn)) return;
        replaced(problem);
        return;
      } catch (error) {
        if (error instanceof LoadInterrupted && error.missing !== undefined) missing(error.missing);
        if (!(error instanceof LoadInterrupted || error instanceof LogUnavailableError)) throw error;
      }
      await new Promise<void>((resolve) => {
        timers.after(milliseconds, resolve);
      });
      milliseconds = Math.min(2 * milliseconds, maximum);
    }
  }

  /** @returns false where there is nothing to load that this replica's own history leads to */
  async #loadAndSwap(own: Head, leadsOn: typeof isPast): Promise<boolean> {
    const { log, timers, prefix, swap, learned, closed } = this.#options;
    const head = await log.head();
    const manifest = await readManifest(this.#options);
    if (head === undefined || head.log !== own.log || !leadsOn(manifest, own)) return false;
    const loaded = await loadStored(this.#options, head);
    learned(loaded.manifest);
    if (loaded.missing !== undefined) this.#options.missing(loaded.missing);
    if (loaded.prefix.head.position <= own.position) throw new LoadInterrupted('what is stored does not reach further');
    const turn = () =>
      new Promise<void>((resolve) => {
        timers.after(0, resolve);
      });
    const changed = await differences(prefix(), loaded.prefix, turn);
    if (!closed()) swap(loaded.prefix, changed);
    return true;
  }
}

const beginsPast = (manifest: Manifest | undefined, own: Head): boolean =>
  manifest?.generation.begin.log === own.log && manifest.generation.begin.position > own.position;

/** Documents that differ between two prefixes, which stand still meanwhile; found in many short turns. */
async function differences(before: Prefix, after: Prefix, turn: () => Promise<void>): Promise<readonly Key[]> {
  const changed: Key[] = [];
  let left: number = limits.keysPerTurn;
  const compare = async ([collection, id]: Key) => {
    const [one, other] = [before.state(collection, id), after.state(collection, id)];
    const isSame =
      one &&
      other &&
      one.touch.origin === other.touch.origin &&
      one.touch.number === other.touch.number &&
      showsSame(one, other);
    if (!isSame) changed.push([collection, id]);
    left -= 1;
    if (left > 0) return;
    await turn();
    left = limits.keysPerTurn;
  };
  for (const key of after.keys()) await compare(key);
  for (const key of before.keys()) if (!after.state(...key)) await compare(key);
  return changed;
}
