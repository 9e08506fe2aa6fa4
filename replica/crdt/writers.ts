/** Writers: the transactions whose operations are applied. One object serves all documents of a transaction. */
import type { Delta } from './delta.ts';
import {
  type Ancestry,
  covers,
  type Dot,
  type LogId,
  type Origin,
  type Placed,
  type Position,
  type Time,
  type Writer,
} from './version.ts';

/** The writer of a transaction that is being made. It covers everything, as its staging sees everything. */
export class DraftWriter implements Writer {
  readonly origin: Origin;
  readonly number: number;
  readonly time: Time;
  readonly log = undefined;
  readonly position = 0;

  constructor(origin: Origin, number: number, time: Time) {
    this.origin = origin;
    this.number = number;
    this.time = time;
  }

  covers(): boolean {
    return true;
  }
}

/** The writer of a transaction that exists as a delta. */
export class DeltaWriter implements Writer {
  readonly origin: Origin;
  readonly number: number;
  readonly time: Time;
  readonly log: LogId | undefined;
  readonly position: Position;
  readonly #delta: Delta;
  readonly #ancestry: Ancestry;

  /** @param place undefined while it is in no log */
  constructor(delta: Delta, ancestry: Ancestry, place: Placed | undefined) {
    this.origin = delta.origin;
    this.number = delta.number;
    this.time = delta.time;
    this.log = place?.log;
    this.position = place?.position ?? 0;
    this.#delta = delta;
    this.#ancestry = ancestry;
  }

  covers(dot: Dot): boolean {
    return covers(this.#delta.context, this.#delta, this.#ancestry, dot);
  }
}
