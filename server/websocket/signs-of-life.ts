/**
 * Detects whether the client of a WebSocket is still there.
 * L44. Any progress is a sign of life: every byte that it sends, and every unsent byte that it takes. A client is
 * pinged only if
 *      nothing is unsent, as the ping would wait behind all else. The answer may take as long as a slow line needs for
 * the bytes that
 *      the operating system may have buffered before it.
 */
import { limits } from '../../limits.ts';

/** The observable state of a connection. Bytes are counted from its beginning, except the unsent ones. */
export interface Line {
  readonly receivedBytes: number;
  /** Bytes accepted by the operating system. */
  readonly takenBytes: number;
  readonly unsentBytes: number;
}

export class SignsOfLife {
  readonly #line: Line;
  readonly #elapsed: () => number;
  #received = 0;
  /** The value of takenBytes when bytes were last received. */
  #taken = 0;
  #askedAt: number;
  #isAwaited = false;

  /** @param elapsed a monotonic clock, in milliseconds */
  constructor(line: Line, elapsed: () => number) {
    this.#line = line;
    this.#elapsed = elapsed;
    this.#askedAt = elapsed();
  }

  /** Called at intervals. @returns 'ask' to send a ping; 'leave' if the client is gone */
  look(): 'wait' | 'ask' | 'leave' {
    const { receivedBytes, takenBytes, unsentBytes } = this.#line;
    if (receivedBytes !== this.#received) {
      this.#received = receivedBytes;
      this.#taken = takenBytes;
      this.#isAwaited = false;
    }
    if (unsentBytes > 0) {
      // The connection closes itself if the client takes nothing of that (L35).
      this.#isAwaited = false;
      return 'wait';
    }
    const since = this.#elapsed() - this.#askedAt;
    if (this.#isAwaited) return since > this.#allowedMilliseconds() ? 'leave' : 'wait';
    if (since < limits.signOfLifeMilliseconds) return 'wait';
    this.#askedAt += since;
    this.#isAwaited = true;
    return 'ask';
  }

  #allowedMilliseconds(): number {
    const onTheWay = Math.min(this.#line.takenBytes - this.#taken, limits.systemBufferBytes);
    return limits.unreadMilliseconds + (onTheWay * 1_000) / limits.slowestBytesPerSecond;
  }
}
