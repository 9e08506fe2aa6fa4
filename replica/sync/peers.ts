/** The other replicas of the site, known by their heartbeats; and this replica's own heartbeat, sent about once a second. */

import { limits } from '../../limits.ts';
import type { Head, Origin } from '../crdt/version.ts';
import type { Timers } from '../environment/timers.ts';
import type { Gossip } from '../gossip/gossip.ts';
import type { FormatRange } from '../log/formats.ts';
import type { PeerStatus } from '../status.ts';
import type { Candidate } from './candidate.ts';
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat } from './heartbeat.ts';

export interface PeersOptions {
  readonly gossip: Gossip;
  readonly timers: Timers;
  readonly heartbeatMilliseconds: number;
  readonly host: PeersHost;
}

/** The replica, as it takes part in its site. */
export interface PeersHost {
  /** This replica's heartbeat as of now. */
  readonly heartbeat: Omit<Heartbeat, 'leaving'>;
  heard(heartbeat: Heartbeat): void;
  /** Runs at each of this replica's own heartbeats. */
  beat(): void;
  /** A peer came or went. */
  peersChanged(): void;
  /** Bytes that are no heartbeat. */
  malformed(problem: string): void;
}

interface Peer {
  heartbeat: Heartbeat;
  lastSeenAtMilliseconds: number;
}

/** A replica that missed more heartbeats than this does not get its turn to heal. */
const heartbeatsHeard = 3;

/** Peers told of at most: more than this many names are not replicas. */
const maximumPeers = 1_000;

export class Peers {
  readonly #options: PeersOptions;
  readonly #peers = new Map<Origin, Peer>();
  /** The formats that replicas read, and when each was heard last: kept for longer than a silent peer is. */
  readonly #reads = new Map<Origin, { readonly reads: FormatRange; readonly at: number }>();
  #timer: Disposable | undefined;
  #closed = false;

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#beat();
  }

  received(bytes: Uint8Array): void {
    let heartbeat: Heartbeat;
    try {
      heartbeat = decodeHeartbeat(bytes);
    } catch (error) {
      this.#options.host.malformed(error instanceof Error ? error.message : String(error));
      return;
    }
    if (heartbeat.origin === this.#options.host.heartbeat.origin || this.#closed) return;
    const peer = this.#peers.get(heartbeat.origin);
    const lastSeenAtMilliseconds = this.#options.timers.now();
    this.#noteReads(heartbeat);
    if (heartbeat.leaving) this.#peers.delete(heartbeat.origin);
    else if (peer) Object.assign(peer, { heartbeat, lastSeenAtMilliseconds });
    else if (this.#peers.size < maximumPeers) this.#peers.set(heartbeat.origin, { heartbeat, lastSeenAtMilliseconds });
    if (!heartbeat.leaving) this.#options.host.heard(heartbeat);
    if ((peer === undefined) !== heartbeat.leaving) this.#options.host.peersChanged();
  }

  /** Whether a peer that is heard knows of a log. */
  get anyKnowsLog(): boolean {
    return [...this.#peers.values()].some(({ heartbeat }) => heartbeat.head !== undefined);
  }

  /** P45. Who may heal, and said so within the last heartbeats: who says no more may be gone. */
  healers(): readonly Candidate[] {
    const oldest = this.#options.timers.now() - heartbeatsHeard * this.#options.heartbeatMilliseconds;
    return [...this.#peers.values()]
      .filter(({ heartbeat, lastSeenAtMilliseconds }) => heartbeat.mayHeal && lastSeenAtMilliseconds >= oldest)
      .map(({ heartbeat }) => candidateOf(heartbeat));
  }

  /** P83. Whether a format is read by all replicas that were heard within limits.formatHeartbeats, and did not leave. */
  allRead(format: number): boolean {
    const { timers, heartbeatMilliseconds } = this.#options;
    const oldest = timers.now() - limits.formatHeartbeats * heartbeatMilliseconds;
    for (const [origin, { at }] of this.#reads) if (at < oldest) this.#reads.delete(origin);
    return [...this.#reads.values()].every(({ reads }) => reads[0] <= format && format <= reads[1]);
  }

  /** P45. This replica, as others see whether it may heal. */
  get ownCandidate(): Candidate {
    return candidateOf(this.#options.host.heartbeat);
  }

  status(own: Head): readonly PeerStatus[] {
    return [...this.#peers.values()].map(({ heartbeat: { origin, head }, lastSeenAtMilliseconds }) => ({
      id: origin,
      lastSeenAtMilliseconds,
      version: head ? [{ log: head.log, position: head.position }] : [],
      behindBy: head?.log === own.log ? Math.max(0, own.position - head.position) : own.position,
    }));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    this.leave();
  }

  /** Says that nobody will hear of this origin again. */
  leave(): void {
    this.#options.gossip.sendHeartbeat(encodeHeartbeat({ ...this.#options.host.heartbeat, leaving: true }));
  }

  #noteReads({ origin, reads, leaving }: Heartbeat): void {
    if (leaving) this.#reads.delete(origin);
    else if (this.#reads.has(origin) || this.#reads.size < maximumPeers)
      this.#reads.set(origin, { reads, at: this.#options.timers.now() });
  }

  #beat(): void {
    this.#options.gossip.sendHeartbeat(encodeHeartbeat({ ...this.#options.host.heartbeat, leaving: false }));
    this.#dropSilent();
    this.#options.host.beat();
    this.#timer = this.#options.timers.after(this.#options.heartbeatMilliseconds, () => this.#beat());
  }

  #dropSilent(): void {
    const oldest = this.#options.timers.now() - limits.silentHeartbeats * this.#options.heartbeatMilliseconds;
    let gone = false;
    for (const [origin, { lastSeenAtMilliseconds }] of this.#peers) {
      if (lastSeenAtMilliseconds >= oldest) continue;
      this.#peers.delete(origin);
      gone = true;
    }
    if (gone) this.#options.host.peersChanged();
  }
}

function candidateOf({ origin, head, keptFrom, closedLogs }: Omit<Heartbeat, 'leaving'>): Candidate {
  return { origin, position: head?.position ?? 0, keptFrom, closedLogs };
}
