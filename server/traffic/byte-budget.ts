/**
 * Bytes in flight: bodies of requests until they are answered, and large answers until they are read, of all clients together.
 * No client can be held to a share, as nobody knows who clients are; so who comes when all is taken is asked to come later.
 */
import type { ServerResponse } from 'node:http';

export class ByteBudget {
  readonly maximumBytes: number;
  #heldBytes = 0;

  constructor(maximumBytes: number) {
    this.maximumBytes = maximumBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Released once the response is closed: sent whole, or given up. */
  claim(response: ServerResponse): Claim {
    const claim = new Claim(this);
    if (response.closed) claim.release();
    else response.once('close', () => claim.release());
    return claim;
  }

  /** For a claim. @param bytes negative where they are given back */
  change(bytes: number): void {
    this.#heldBytes += bytes;
  }
}

/** What one exchange holds: what it needed most, until it is over. */
export class Claim {
  readonly #budget: ByteBudget;
  #bytes = 0;
  #isReleased = false;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** @returns false where there is no room for so much; it holds what it held before then */
  holds(bytes: number): boolean {
    if (this.#budget.heldBytes + bytes - this.#bytes > this.#budget.maximumBytes) return bytes <= this.#bytes;
    this.mustHold(bytes);
    return true;
  }

  /** For what is there and cannot be refused any more. */
  mustHold(bytes: number): void {
    if (this.#isReleased || bytes <= this.#bytes) return;
    this.#budget.change(bytes - this.#bytes);
    this.#bytes = bytes;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#budget.change(-this.#bytes);
    this.#bytes = 0;
  }
}
