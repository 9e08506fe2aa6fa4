/** The port of gossip: fast, and free to lose, repeat and reorder; nothing may depend on it but latency. */
import type { EntryPlace } from '../log/entry.ts';
import type { LogEntry } from '../log/log.ts';

export interface GossipHandlers {
  /** Whether the entry that a message's head names is here: then the rest of it is not read. */
  isKnown(place: EntryPlace): boolean;
  /** An entry as somebody appended it; decoded and checksum verified, its deltas not yet. */
  received(entry: LogEntry): void;
  /** Bytes from outside, unchecked. */
  heartbeat(bytes: Uint8Array): void;
  /** Bytes that are no entry: to be counted and logged. */
  malformed(problem: string): void;
  /** Something may be missing (a reconnect): read the log. */
  interrupted(): void;
}

export interface Gossip {
  /** Resolves once nothing published from now on is missed without `interrupted`. */
  subscribe(handlers: GossipHandlers): Promise<AsyncDisposable>;
  /** Appending publishes entries (the log does it, in the same script); heartbeats go by here. Never throws, may be lost. */
  sendHeartbeat(bytes: Uint8Array): void;
}
