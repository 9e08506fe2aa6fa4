/** Channel subscriptions over one connection, renewed after each reconnect. docs/internals/protocol.md, P12. */
import type { Connection } from './connection.ts';

export interface ChannelHandlers {
  readonly received: ReadonlyMap<string, (bytes: Uint8Array) => void>;
  /** Messages may have been missed. From now on none is, until this is called again. */
  interrupted(): void;
}

export class Subscriber {
  readonly #connection: Connection;
  readonly #handlers = new Set<ChannelHandlers>();

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.onMessage((channel, bytes) => {
      for (const { received } of this.#handlers) received.get(channel)?.(bytes);
    });
    connection.watch(() => {
      if (connection.ready) void this.#subscribe([...this.#handlers]);
    });
  }

  /**
   * Resolves once messages are no longer missed without `interrupted`: after the channels are subscribed to, or at once
   * if Redis is away; `interrupted` is then called when Redis is back.
   */
  async add(handlers: ChannelHandlers): Promise<AsyncDisposable> {
    await this.#connection.tried;
    this.#handlers.add(handlers);
    if (this.#connection.ready) await this.#subscribe([handlers]);
    return {
      [Symbol.asyncDispose]: async () => {
        this.#handlers.delete(handlers);
        const needed = new Set([...this.#handlers].flatMap(({ received }) => [...received.keys()]));
        const channels = [...handlers.received.keys()].filter((channel) => !needed.has(channel));
        if (channels.length > 0) await this.#connection.unsubscribe(channels).catch(() => undefined);
      },
    };
  }

  async #subscribe(handlers: readonly ChannelHandlers[]): Promise<void> {
    const channels = new Set(handlers.flatMap(({ received }) => [...received.keys()]));
    if (channels.size === 0) return;
    try {
      await this.#connection.subscribe(channels);
    } catch (error) {
      this.#connection.renew(`the channels cannot be subscribed to: ${String(error)}`);
      return;
    }
    for (const one of handlers) if (this.#handlers.has(one)) one.interrupted();
  }
}
