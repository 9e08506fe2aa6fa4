/**
 * Messages between replicas over Redis pub/sub, on their own connections, so that long ones do not delay transactions.
 */
import type { Channel } from '../gossip/channel.ts';
import type { Connection } from './connection/connection.ts';
import { orUnavailable } from './connection/errors.ts';
import type { Subscriber } from './connection/subscriber.ts';
import type { Keys } from './keys.ts';

export class RedisChannel implements Channel {
  readonly #keys: Keys;
  readonly #replicaId: string;
  readonly #sender: Connection;
  readonly #subscriber: Subscriber;

  constructor(keys: Keys, replicaId: string, sender: Connection, subscriber: Subscriber) {
    this.#keys = keys;
    this.#replicaId = replicaId;
    this.#sender = sender;
    this.#subscriber = subscriber;
  }

  async send(to: string | undefined, bytes: Uint8Array): Promise<void> {
    const channel = to === undefined ? this.#keys.transfer : this.#keys.transferTo(to);
    // A view, not a copy: ioredis copies the bytes anyway, and copies of many chunks create garbage faster than it is
    // collected.
    const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    await orUnavailable(this.#sender.publish(channel, message));
  }

  subscribe(received: (bytes: Uint8Array) => void): Promise<AsyncDisposable> {
    const channels = [this.#keys.transfer, this.#keys.transferTo(this.#replicaId)];
    return this.#subscriber.add({
      received: new Map(channels.map((channel) => [channel, received])),
      interrupted: () => undefined,
    });
  }
}
