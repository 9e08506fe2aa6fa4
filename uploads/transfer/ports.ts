/** The options of the transfer: it opens nothing itself, and its clock is passed in. */

import type { Logger } from '../../replica/environment/logger.ts';
import type { Timers } from '../../replica/environment/timers.ts';
import type { Channel } from '../../replica/gossip/channel.ts';
import type { BlobStore } from '../blobs/blobs.ts';

export interface TransferOptions {
  /** This replica's address on the channel. */
  readonly id: string;
  readonly channel: Channel;
  readonly blobs: BlobStore;
  /** The ids of the other live replicas. */
  readonly peers: () => readonly string[];
  readonly timers: Timers;
  /** Returns this many random bytes. */
  readonly random: (bytes: number) => Uint8Array;
  readonly logger: Logger;
}

/** Counts since the start. */
export interface TransferCounters {
  malformedMessages: number;
  messagesUnsent: number;
  requestsDropped: number;
  bytesServed: number;
  bytesFetched: number;
  fetchesCompleted: number;
  fetchesUnavailable: number;
}

/** Never rejects, as lost messages are requested again. False if the message could not be handed over. */
export type Send = (to: string | undefined, message: Uint8Array) => Promise<boolean>;
