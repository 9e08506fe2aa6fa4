/**
 * A budget for bytes in flight, shared by all clients: request bodies until they are answered, and large responses
 * until they are read. There is no share per client, as clients are not identified; a request that finds the budget
 * spent is told to retry later.
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

  /**
   * Claims bytes for a response. The claim is released once the response is closed, whether it was sent whole or not.
   */
  claim(response: ServerResponse): Claim {
    const claim = new Claim(this);
    if (response.closed) claim.release();
    else response.once('close', () => claim.release());
    return claim;
  }

  /** Only for claims. @param bytes negative to give bytes back */
  change(bytes: number): void {
    this.#heldBytes += bytes;
  }
}

/** The bytes of one request and its response: the highest amount it needed, until it is over. */
export class Claim {
  readonly #budget: ByteBudget;
  #bytes = 0;
  #isReleased = false;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** @returns false if the budget does not allow this many bytes; the claim then stays as it was */
  holds(bytes: number): boolean {
    if (this.#budget.heldBytes + bytes - this.#bytes > this.#budget.maximumBytes) return bytes <= this.#bytes;
    this.mustHold(bytes);
    return true;
  }

  /** For bytes that exist already and cannot be refused. */
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
