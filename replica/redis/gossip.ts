/** Gossip over Redis pub/sub. docs/internals/protocol.md, P12. */
import { limits } from '../../limits.ts';
import type { Gossip, GossipHandlers } from '../gossip/gossip.ts';
import { decodeUnlessKnown } from '../log/entry.ts';
import type { LogEntry } from '../log/log.ts';
import type { Connection } from './connection/connection.ts';
import type { Subscriber } from './connection/subscriber.ts';
import type { Keys } from './keys.ts';

export class RedisGossip implements Gossip {
  readonly #keys: Keys;
  readonly #writer: Connection;
  readonly #subscriber: Subscriber;

  constructor(keys: Keys, writer: Connection, subscriber: Subscriber) {
    this.#keys = keys;
    this.#writer = writer;
    this.#subscriber = subscriber;
  }

  subscribe(handlers: GossipHandlers): Promise<AsyncDisposable> {
    const received = new Map([
      [this.#keys.deltas, (bytes: Uint8Array) => takeEntry(bytes, handlers)],
      [this.#keys.heartbeats, (bytes: Uint8Array) => takeHeartbeat(bytes, handlers)],
    ]);
    return this.#subscriber.add({ received, interrupted: () => handlers.interrupted() });
  }

  sendHeartbeat(bytes: Uint8Array): void {
    this.#writer.publish(this.#keys.heartbeats, Buffer.from(bytes)).catch(() => undefined);
  }
}

function takeEntry(bytes: Uint8Array, handlers: GossipHandlers): void {
  let entry: LogEntry | undefined;
  try {
    entry = decodeUnlessKnown(bytes, handlers.isKnown);
  } catch (error) {
    handlers.malformed(error instanceof Error ? error.message : String(error));
    return;
  }
  if (entry !== undefined) handlers.received(entry);
}

function takeHeartbeat(bytes: Uint8Array, handlers: GossipHandlers): void {
  if (bytes.length > limits.heartbeatBytes) handlers.malformed(`a heartbeat has ${bytes.length} bytes`);
  else handlers.heartbeat(bytes);
}
