/** The context of all resolvers: one per operation, or per event of a subscription. */
import type { Definitions } from '../definitions/definitions.ts';
import type { DocumentReader } from '../replica/query/access/document-reader.ts';
import type { Replica } from '../replica/replica.ts';
import type { Transaction } from '../replica/transaction.ts';
import type { Attachments } from '../uploads/attachments.ts';
import type { Warnings } from './warnings.ts';

export interface Context {
  readonly replica: Replica;
  readonly definitions: Definitions;
  readonly attachments: Attachments;
  /**
   * Shows one version for the whole operation: a view, the transaction's private view, or the durable state at the
   * event.
   */
  readonly reader: DocumentReader;
  /** Set in mutations only. */
  readonly transaction: Transaction | undefined;
  /** Undefined if warnings are off. */
  readonly warnings: Warnings | undefined;
}
