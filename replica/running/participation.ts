/**
 * How a replica takes part in its site: what it says of itself, and what it does about each event of its link. Cut off it
 * journals; trimmed past it loads beside its state; where the log is another one it stops taking part, until it is not.
 */

import { limits } from '../../limits.ts';
import type { Origin } from '../crdt/version.ts';
import type { KeptTransaction } from '../history/kept-entries.ts';
import { type FormatRange, readableFormats } from '../log/formats.ts';
import { noGeneration } from '../log/ids.ts';
import type { GenerationName, Manifest } from '../log/snapshots.ts';
import type { ReplicaOptions, ReplicaTiming } from '../options.ts';
import type { StatusWatch } from '../readers/status-watch.ts';
import type { Prefix } from '../state/prefix.ts';
import type { LogObserver } from '../sync/follower.ts';
import { Rejoin, type RejoinHost } from '../sync/healing/rejoin.ts';
import type { Heartbeat } from '../sync/heartbeat.ts';
import type { Link } from '../sync/link.ts';
import { Peers, type PeersHost } from '../sync/peers.ts';
import type { CheckpointWriter } from '../sync/start/checkpoint-writer.ts';
import type { StartHost } from '../sync/start/start-from-disk.ts';
import { swapPrefix } from './swap.ts';
import type { Parts } from './wiring.ts';

export interface ParticipationOptions {
  readonly options: ReplicaOptions;
  readonly timing: ReplicaTiming;
  readonly link: Link;
  readonly statusWatch: StatusWatch;
  readonly checkpoint: CheckpointWriter | undefined;
  readonly origin: Origin;
  /** Aborted once the replica is closed. */
  readonly signal: AbortSignal;
}

export class Participation implements PeersHost, LogObserver, RejoinHost, StartHost {
  readonly peers: Peers;
  readonly #options: ParticipationOptions;
  readonly #link: Link;
  #open: { readonly parts: Parts; readonly rejoin: Rejoin } | undefined;
  /** A generation that it cannot load, or get on with. */
  #missingGeneration: GenerationName | undefined;
  origin: Origin;
  /** Transactions that the journal held when the process began: what is unsent until it has a prefix. */
  unsentAtStart = 0;
  malformedMessages = 0;
  /** Heartbeats of this replica since it has a prefix. */
  #beats = 0;

  constructor(options: ParticipationOptions) {
    this.#options = options;
    this.#link = options.link;
    this.origin = options.origin;
    const { gossip, timers } = options.options;
    const { heartbeatMilliseconds } = options.timing;
    this.peers = new Peers({ gossip, timers, heartbeatMilliseconds, host: this });
  }

  /** Journaled, and not yet in the log. */
  get unsent(): number {
    return this.#open?.parts.unsent.journaledCount ?? this.unsentAtStart;
  }

  get #reads(): FormatRange {
    return this.#options.options.reads ?? readableFormats;
  }

  get heartbeat(): Omit<Heartbeat, 'leaving'> {
    const prefix = this.#open?.parts.state.prefix;
    return {
      origin: this.origin,
      head: prefix?.head,
      closedLogs: prefix?.closedLogs.length ?? 0,
      mayHeal: this.#open?.rejoin.mayHeal ?? false,
      keptFrom: prefix?.kept.keptFrom ?? 0,
      unsent: this.unsent,
      missingGeneration: this.#missingGeneration,
      reads: this.#reads,
    };
  }

  waitsFor(problem: string): void {
    this.#link.dispatch({ kind: 'startWaits', problem });
  }

  /** The replica has a prefix, and follows the log from now on. @param isReached whether the prefix was read to the log's end */
  open(parts: Parts, manifest: Manifest | undefined, isReached: boolean): void {
    const { options, timing, signal } = this.#options;
    const rejoin = new Rejoin({
      ...options,
      heartbeatMilliseconds: timing.heartbeatMilliseconds,
      leaseMilliseconds: timing.leaseMilliseconds,
      chunkKeepMilliseconds: timing.chunkKeepMilliseconds,
      state: parts.state,
      peers: this.peers,
      host: this,
      reads: this.#reads,
      signal,
    });
    this.#open = { parts, rejoin };
    this.#link.dispatch({ kind: isReached ? 'opened' : 'openedAlone' });
    this.learned(manifest);
  }

  connectionChanged(isConnected: boolean): void {
    if (!isConnected) this.#link.dispatch({ kind: 'connectionLost' });
    else {
      this.#open?.parts.follower.readInBackground();
      this.#open?.parts.outbox.reconnect();
    }
  }

  logReplaced(problem: string): void {
    this.#open?.rejoin.begin(problem);
  }

  logBlocked(problem: string): void {
    if (this.#link.dispatch({ kind: 'entryUndecodable', problem }))
      this.#options.options.logger.error({ problem }, 'the log cannot be followed');
  }

  logUnblocked(): void {
    this.#link.dispatch({ kind: 'entryDecoded' });
    this.#open?.parts.outbox.reconnect();
  }

  peersChanged(): void {
    this.#options.statusWatch.now();
  }

  malformed(problem: string): void {
    this.malformedMessages += 1;
    this.#options.options.logger.warn({ problem }, 'a malformed message was dropped');
  }

  beat(): void {
    if (!this.#open) return;
    const { parts, rejoin } = this.#open;
    // Gossip may be silent: that the log grew, or went back, is noticed all the same.
    parts.follower.readInBackground();
    if (this.#link.kind === 'blocked') rejoin.passBlock();
    else if (this.#link.kind === 'attached') parts.snapshotWriter?.consider();
    this.#beats += 1;
    this.#raiseFormat(parts);
  }

  /** P83. Has the site written in the next format, once all replicas that were heard since this one listens read it. */
  #raiseFormat({ state }: Parts): void {
    const { log, logger } = this.#options.options;
    const next = log.format + 1;
    const mayRaise = this.#link.kind === 'attached' && this.#beats > limits.formatHeartbeats && next <= this.#reads[1];
    if (!mayRaise || !this.peers.allRead(next)) return;
    log.raiseFormat(state.head.log, next).then(
      () =>
        logger.info({ format: next }, 'all replicas that were heard read another format: the site is written in it'),
      (error: unknown) => logger.warn({ err: error }, 'the format of the site could not be raised'),
    );
  }

  heard({ head, missingGeneration }: Heartbeat): void {
    if (!this.#open) return;
    const { state, follower, snapshotWriter } = this.#open.parts;
    if (head) follower.hint(head);
    const isAhead = head === undefined || (head.log === state.head.log && head.position < state.head.position);
    if (missingGeneration !== undefined && isAhead && this.#link.kind === 'attached')
      snapshotWriter?.request(missingGeneration);
  }

  /** A generation cannot be loaded here. A replica that has a state all the same writes another. */
  missing(generation: GenerationName): void {
    this.#missingGeneration = generation;
    if (this.#link.kind === 'attached') this.#open?.parts.snapshotWriter?.request(generation);
  }

  learned(manifest: Manifest | undefined): void {
    if (this.#missingGeneration !== (manifest?.generation.name ?? noGeneration)) this.#missingGeneration = undefined;
    this.#open?.parts.snapshotWriter?.learn(manifest);
  }

  pause(problem: string): void {
    this.#link.dispatch({ kind: 'logReplaced', problem });
    this.#options.options.logger.warn({ problem }, 'the log does not go on where this replica stands');
  }

  goOn(): void {
    this.#link.dispatch({ kind: 'rejoined' });
    this.#open?.parts.follower.resume();
    this.#open?.parts.outbox.reconnect();
  }

  swap(
    prefix: Prefix,
    changed: readonly (readonly [collection: string, id: string])[],
    lacking: readonly KeptTransaction[],
  ): void {
    if (!this.#open) return;
    this.#link.dispatch({ kind: 'rejoined' });
    swapPrefix(this.#open.parts, prefix, changed, lacking);
    this.#options.checkpoint?.begin(prefix, false);
    this.#open.parts.outbox.reconnect();
  }

  /** It can neither load nor heal: nothing is appended or applied; writes are journaled and shown. */
  stopped(reason: string): void {
    const problem = `this replica has stopped taking part: ${reason}. Export what it has, and start it on a fresh DATA_DIR`;
    if (this.#link.dispatch({ kind: 'noWayFound', problem }))
      this.#options.options.logger.error({ problem: reason }, 'this replica has stopped taking part');
  }
}
