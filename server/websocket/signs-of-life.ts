/**
 * Whether the client of a WebSocket is still there.
 * L44. Whatever moves is a sign of life: any byte that it sends, and any that it takes of what it is owed. Only who is owed
 *      nothing is asked for one, as a ping would wait behind all else; the answer may take as long as a slow line takes for
 *      what the operating system may hold before it.
 */
import { limits } from '../../limits.ts';

/** What can be seen of a connection. All bytes are counted from its beginning, but for those that are unsent. */
export interface Line {
  readonly receivedBytes: number;
  /** By the operating system. */
  readonly takenBytes: number;
  readonly unsentBytes: number;
}

export class SignsOfLife {
  readonly #line: Line;
  readonly #elapsed: () => number;
  #received = 0;
  /** What had been taken when something was last received. */
  #taken = 0;
  #askedAt: number;
  #isAwaited = false;

  /** @param elapsed milliseconds that never go back */
  constructor(line: Line, elapsed: () => number) {
    this.#line = line;
    this.#elapsed = elapsed;
    this.#askedAt = elapsed();
  }

  /** Called now and then. @returns 'ask': for a sign of life; 'leave': the client is gone */
  look(): 'wait' | 'ask' | 'leave' {
    const { receivedBytes, takenBytes, unsentBytes } = this.#line;
    if (receivedBytes !== this.#received) {
      this.#received = receivedBytes;
      this.#taken = takenBytes;
      this.#isAwaited = false;
    }
    if (unsentBytes > 0) {
      // Its connection closes it where it takes nothing of that (L35).
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
