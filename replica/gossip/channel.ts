/** The port of messages between replicas, for the transfer of attachments' bytes: may be lost, repeated and reordered. */

export interface Channel {
  /** @param to a replica's id, or undefined for all. Settles once handed over, and the bytes are the caller's again; rejects where it could not be. */
  send(to: string | undefined, bytes: Uint8Array): Promise<void>;
  /** Messages to this replica and to all. Bytes from outside, unchecked. */
  subscribe(received: (bytes: Uint8Array) => void): Promise<AsyncDisposable>;
}
