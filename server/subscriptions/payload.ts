/** The payload of one event: its result, serialised once for all readers on all transports. */
import type { Result } from '../operation/result.ts';
import type { SharedBytes } from '../traffic/socket-buffers.ts';
import { sharedBytes, WebSocketFrames } from './web-socket-frames.ts';

interface ServerSentEvent {
  readonly bytes: Buffer;
  /** Set if the bytes are so many that their readers must share their cost. */
  readonly shared: SharedBytes | undefined;
}

function serverSentEvent(json: string): ServerSentEvent {
  const bytes = Buffer.from(`event: next\ndata: ${json}\n\n`);
  return { bytes, shared: sharedBytes(bytes) };
}

export class Payload {
  readonly #json: string;
  #webSocketFrames: WebSocketFrames | undefined;
  #serverSentEvent: ServerSentEvent | undefined;

  constructor(result: Result) {
    this.#json = JSON.stringify(result);
  }

  /** The approximate size in each form. */
  get bytes(): number {
    return this.#json.length;
  }

  get webSocketFrames(): WebSocketFrames {
    this.#webSocketFrames ??= new WebSocketFrames(this.#json);
    return this.#webSocketFrames;
  }

  get serverSentEvent(): ServerSentEvent {
    this.#serverSentEvent ??= serverSentEvent(this.#json);
    return this.#serverSentEvent;
  }

  get json(): string {
    return this.#json;
  }
}

/** An event for many readers. It is executed and serialised once, when the first of them takes it. */
export class SharedEvent {
  readonly event: unknown;
  #render: (() => Result | Promise<Result>) | undefined;
  #payload: Payload | Promise<Payload> | undefined;
  readonly #rendered: ((payload: Payload) => void) | undefined;

  /**
   * @param render never fails, as errors are part of the result
   * @param rendered called once after serialisation
   */
  constructor(event: unknown, render: () => Result | Promise<Result>, rendered?: (payload: Payload) => void) {
    this.event = event;
    this.#render = render;
    this.#rendered = rendered;
  }

  get payload(): Payload | Promise<Payload> {
    if (this.#payload !== undefined) return this.#payload;
    const result = this.#render?.();
    this.#render = undefined;
    this.#payload =
      result instanceof Promise ? result.then((rendered) => this.#take(rendered)) : this.#take(result ?? {});
    return this.#payload;
  }

  #take(result: Result): Payload {
    const payload = new Payload(result);
    this.#payload = payload;
    this.#rendered?.(payload);
    return payload;
  }
}
