/** Whether what a transaction writes has room: here, and with every replica that will have it. */
import { PayloadTooLargeError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { type Size, sizeOfDocument, Tally } from '../crdt/memory.ts';
import type { DocumentDraft } from '../crdt/writes.ts';
import { splitDocument } from '../values/json.ts';
import { memoryOf } from '../values/memory-costs.ts';

const nothing: Size = { memoryBytes: 0, textBytes: 0 };

/** Checks the size of one transaction. */
export class SizeCheck {
  /** Its bytes on the wire. */
  readonly #tally = new Tally();

  /**
   * M25. A document that is larger than the limits allow, as merged ones may be, still takes what makes it no larger.
   * @throws {PayloadTooLargeError}
   */
  add(collection: string, id: string, { operations, former, state }: DocumentDraft): void {
    if (operations.length === 0) return;
    for (const operation of operations) {
      this.#tally.memoryBytes += memoryOf.operation;
      if (operation.kind === 'assign') this.#tally.addValue(operation.value);
    }
    if (state !== undefined) {
      const { memoryBytes, textBytes } = sizeOfDocument(state);
      const isLarge = memoryBytes > limits.documentMemoryBytes || textBytes > limits.documentBytes;
      const before = isLarge && former !== undefined ? sizeOfDocument(former) : nothing;
      const document = () => `document ${JSON.stringify(id)} of collection ${JSON.stringify(collection)}`;
      if (memoryBytes > Math.max(before.memoryBytes, limits.documentMemoryBytes))
        throw new PayloadTooLargeError(
          `${document()}, in memory,`,
          memoryBytes,
          limits.documentMemoryBytes,
          splitDocument,
        );
      if (textBytes > Math.max(before.textBytes, limits.documentBytes))
        throw new PayloadTooLargeError(
          `the text in ${document()}`,
          textBytes,
          limits.documentBytes,
          'split it into several documents',
        );
    }
    const { memoryBytes } = this.#tally;
    if (memoryBytes > limits.transactionMemoryBytes)
      throw new PayloadTooLargeError(
        'what this operation writes, in memory,',
        memoryBytes,
        limits.transactionMemoryBytes,
      );
  }
}
