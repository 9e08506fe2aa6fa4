/** Ports as a version of Tideline has them that knows the first format of a site alone: newer entries do not decode for it. */
import type { Gossip } from '../../replica/gossip/gossip.ts';
import type { FormatRange } from '../../replica/log/formats.ts';
import type { Log, LogEntry } from '../../replica/log/log.ts';

export const formerReads: FormatRange = [1, 1];
export const newReads: FormatRange = [1, 2];

/** The format of the batch that an entry is made of. */
export const batchFormatIn = ({ body }: LogEntry): number => body[0] ?? 0;

const formerBatch = 2;
/** The former version finds a number there that it does not know. */
const unknown = 255;

const asFormer = (entry: LogEntry): LogEntry =>
  batchFormatIn(entry) === formerBatch
    ? entry
    : { ...entry, body: Buffer.concat([Buffer.of(unknown), entry.body.subarray(1)]) };

export function formerLog(log: Log): Log {
  return {
    storage: log.storage,
    get problem() {
      return log.problem;
    },
    get format() {
      return log.format;
    },
    head: () => log.head(),
    create: (id, keepMilliseconds) => log.create(id, keepMilliseconds),
    append: (batch, seen, secret, recordsAfter) => log.append(batch, seen, secret, recordsAfter),
    read: async (id, after, limit) => (await log.read(id, after, limit)).map(asFormer),
    loadStates: () => log.loadStates(),
    origins: () => log.origins(),
    claimOrigin: (claim) => log.claimOrigin(claim),
    raiseFormat: (id, format) => log.raiseFormat(id, format),
    watchConnection: (changed) => log.watchConnection(changed),
    close: () => log.close(),
  };
}

export function formerGossip(gossip: Gossip): Gossip {
  return {
    subscribe: (handlers) =>
      gossip.subscribe({
        ...handlers,
        isKnown: (place) => handlers.isKnown(place),
        received: (entry) => handlers.received(asFormer(entry)),
      }),
    sendHeartbeat: (bytes) => gossip.sendHeartbeat(bytes),
  };
}
