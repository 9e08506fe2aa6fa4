/**
 * The port for messages between replicas that transfer attachments' bytes. Messages may be lost, repeated and
 * reordered.
 */

export interface Channel {
  /**
   * Resolves once the message is handed over; the caller may then reuse `bytes`. Rejects if it could not be handed
   * over.
   * @param to a replica's id; undefined: all replicas
   */
  send(to: string | undefined, bytes: Uint8Array): Promise<void>;
  /** Receives messages to this replica and to all replicas, as unchecked bytes from outside. */
  subscribe(received: (bytes: Uint8Array) => void): Promise<AsyncDisposable>;
}
