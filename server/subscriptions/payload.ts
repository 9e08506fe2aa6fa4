/** One event's answer, serialised once for all who are told it, whatever their door. */
import type { Result } from '../operation/result.ts';
import type { SharedBytes } from '../traffic/socket-buffers.ts';
import { sharedBytes, WebSocketFrames } from './web-socket-frames.ts';

interface ServerSentEvent {
  readonly bytes: Buffer;
  /** Where they are so many that it matters how many hold them. */
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

  /** Roughly, of each form. */
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

/** An event on its way to its readers: executed and serialised when the first of them takes it, once. */
export class SharedEvent {
  readonly event: unknown;
  #render: (() => Result | Promise<Result>) | undefined;
  #payload: Payload | Promise<Payload> | undefined;
  readonly #rendered: ((payload: Payload) => void) | undefined;

  /**
   * @param render never fails: what goes wrong is part of the answer
   * @param rendered told once it is
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
