/**
 * The gossip port: a fast path for log entries and heartbeats. It may lose, repeat and reorder messages, so only
 * latency may depend on it.
 */
import type { EntryPlace } from '../log/entry.ts';
import type { LogEntry } from '../log/log.ts';

export interface GossipHandlers {
  /**
   * Whether this replica already has the entry that the head of a message names; the rest of the message is then not
   * read.
   */
  isKnown(place: EntryPlace): boolean;
  /** A log entry, decoded and with a verified checksum. Its deltas are not decoded yet. */
  received(entry: LogEntry): void;
  /** A heartbeat, as unchecked bytes from outside. */
  heartbeat(bytes: Uint8Array): void;
  /** Bytes that are not an entry, to be counted and logged. */
  malformed(problem: string): void;
  /** Messages may have been missed (after a reconnect): read the log. */
  interrupted(): void;
}

export interface Gossip {
  /** Resolves once the subscription is active: from then on, a missed message is reported by `interrupted`. */
  subscribe(handlers: GossipHandlers): Promise<AsyncDisposable>;
  /**
   * Sends a heartbeat; it may be lost. Never throws. Entries are not sent here: appending to the log publishes them.
   */
  sendHeartbeat(bytes: Uint8Array): void;
}
