/** What the transfer is given: it opens nothing itself, and knows no clock of its own. */

import type { Logger } from '../../replica/environment/logger.ts';
import type { Timers } from '../../replica/environment/timers.ts';
import type { Channel } from '../../replica/gossip/channel.ts';
import type { BlobStore } from '../blobs/blobs.ts';

export interface TransferOptions {
  /** This replica, as others address it on the channel. */
  readonly id: string;
  readonly channel: Channel;
  readonly blobs: BlobStore;
  /** Ids of the other replicas that are alive. */
  readonly peers: () => readonly string[];
  readonly timers: Timers;
  /** So many bytes of randomness. */
  readonly random: (bytes: number) => Uint8Array;
  readonly logger: Logger;
}

/** Counted since the start. */
export interface TransferCounters {
  malformedMessages: number;
  messagesUnsent: number;
  requestsDropped: number;
  bytesServed: number;
  bytesFetched: number;
  fetchesCompleted: number;
  fetchesUnavailable: number;
}

/** Never rejects: what is lost is asked for again. False where it could not be handed over. */
export type Send = (to: string | undefined, message: Uint8Array) => Promise<boolean>;
