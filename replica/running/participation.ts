/**
 * Whether a replica takes part in its site, and what it does where it cannot: cut off it journals; trimmed past it loads beside
 * its state; where the log is another one it stops taking part, until it is not.
 */

import { noGeneration } from '../log/ids.ts';
import type { GenerationName, Manifest } from '../log/snapshots.ts';
import type { ReplicaOptions, ReplicaTiming } from '../options.ts';
import type { StatusWatch } from '../readers/status-watch.ts';
import type { Candidate } from '../sync/candidate.ts';
import { Rejoin } from '../sync/healing/rejoin.ts';
import type { Heartbeat } from '../sync/heartbeat.ts';
import type { CheckpointWriter } from '../sync/start/checkpoint-writer.ts';
import { type Loaded, swapPrefix } from './wiring.ts';

export interface ParticipationOptions {
  readonly options: ReplicaOptions;
  readonly timing: ReplicaTiming;
  readonly statusWatch: StatusWatch;
  readonly keeper: CheckpointWriter | undefined;
  /** This replica, and those heard lately who may heal, should the log go back. */
  readonly own: () => Candidate;
  readonly others: () => Iterable<Candidate>;
  readonly closed: () => boolean;
}

export class Participation {
  readonly #options: ParticipationOptions;
  #loaded: { readonly parts: Loaded; readonly rejoin: Rejoin } | undefined;
  /** One line for people. */
  problem: string | undefined = 'starting';
  isConnected: boolean;
  /** A generation that it cannot load, or get on with. */
  missingGeneration: GenerationName | undefined;

  constructor(options: ParticipationOptions) {
    this.#options = options;
    this.isConnected = options.options.log.storage === 'EMBEDDED';
  }

  get mayHeal(): boolean {
    return this.#loaded?.rejoin.mayHeal ?? false;
  }

  /** The replica has a prefix, and follows the log from now on. */
  begin(parts: Loaded, manifest: Manifest | undefined): void {
    const { options, timing, closed } = this.#options;
    const rejoin = new Rejoin({
      ...options,
      heartbeatMilliseconds: timing.heartbeatMilliseconds,
      leaseMilliseconds: timing.leaseMilliseconds,
      chunkKeepMilliseconds: timing.chunkKeepMilliseconds,
      prefix: () => parts.state.prefix,
      own: this.#options.own,
      others: this.#options.others,
      pause: (problem) => this.#pause(problem),
      goOn: () => {
        parts.standing.isInLog = true;
        parts.follower.resume();
        this.#goOn();
      },
      swap: (prefix, changed, lacking) => {
        parts.standing.isInLog = true;
        swapPrefix(parts, prefix, changed, lacking);
        this.#options.keeper?.begin(prefix, false);
        this.#goOn();
      },
      stopped: (problem) => this.#stop(problem),
      learned: (found) => this.#learn(found),
      missing: (generation) => this.missing(generation),
      closed,
    });
    this.#loaded = { parts, rejoin };
    this.problem = undefined;
    this.#learn(manifest);
  }

  connectionChanged(connected: boolean): void {
    this.isConnected = connected;
    const { follower, outbox } = this.#loaded?.parts ?? {};
    if (connected) {
      follower?.readInBackground();
      outbox?.reconnect();
    } else outbox?.disconnect();
    this.#options.statusWatch.now();
  }

  /** The log is another one, went back, or was trimmed past where this replica stands. */
  replaced(problem: string): void {
    this.#loaded?.rejoin.begin(problem);
  }

  /** The log has an entry that does not decode, or, undefined, that is over. */
  blocked(problem: string | undefined): void {
    this.problem = problem;
    if (problem === undefined) this.#loaded?.parts.outbox.reconnect();
    else {
      this.#options.options.logger.error({ problem }, 'the log cannot be followed');
      this.#loaded?.parts.outbox.disconnect();
    }
    this.#options.statusWatch.now();
  }

  /** Called at each heartbeat. */
  beat(): void {
    if (!this.#loaded) return;
    const { parts, rejoin } = this.#loaded;
    // Gossip may be silent: that the log grew, or went back, is noticed all the same.
    parts.follower.readInBackground();
    if (parts.follower.isBlocked) rejoin.passBlock();
    else if (!parts.outbox.isCutOff) parts.snapshotWriter?.consider();
  }

  heard({ head, missingGeneration }: Heartbeat): void {
    if (!this.#loaded) return;
    const { state, follower, outbox, snapshotWriter } = this.#loaded.parts;
    const own = state.prefix.head;
    if (head) follower.hint(head);
    const isAhead = head === undefined || (head.log === own.log && head.position < own.position);
    const canWrite = isAhead && !outbox.isCutOff && !follower.isBlocked;
    if (missingGeneration !== undefined && canWrite) snapshotWriter?.request(missingGeneration);
  }

  /** A generation cannot be loaded here. Who has a state all the same writes another. */
  missing(generation: GenerationName): void {
    this.missingGeneration = generation;
    const { follower, outbox, snapshotWriter } = this.#loaded?.parts ?? {};
    if (follower && !follower.isBlocked && !outbox?.isCutOff) snapshotWriter?.request(generation);
  }

  #learn(manifest: Manifest | undefined): void {
    if (this.missingGeneration !== (manifest?.generation.name ?? noGeneration)) this.missingGeneration = undefined;
    this.#loaded?.parts.snapshotWriter?.learn(manifest);
  }

  #pause(problem: string): void {
    this.problem = problem;
    this.#options.options.logger.warn({ problem }, 'the log does not go on where this replica stands');
    if (this.#loaded) this.#loaded.parts.standing.isInLog = false;
    this.#loaded?.parts.follower.stop();
    this.#loaded?.parts.outbox.disconnect();
    this.#options.statusWatch.now();
  }

  #goOn(): void {
    this.problem = undefined;
    this.#loaded?.parts.outbox.reconnect();
    this.#options.statusWatch.now();
  }

  /** It can neither load nor heal: nothing is appended or applied; writes are journaled and shown. */
  #stop(problem: string): void {
    const told = `this replica has stopped taking part: ${problem}. Export what it has, and start it on a fresh DATA_DIR`;
    if (this.problem === told) return;
    this.problem = told;
    this.#options.options.logger.error({ problem }, 'this replica has stopped taking part');
    this.#options.statusWatch.now();
  }
}
