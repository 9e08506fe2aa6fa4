/** What every resolver is given: one of these an operation (or event of a subscription). */
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
  /** One version for the whole operation: a view, the transaction's private view, or what is durable as of the event. */
  readonly reader: DocumentReader;
  /** Set in mutations only. */
  readonly transaction: Transaction | undefined;
  /** Undefined where nobody is warned. */
  readonly warnings: Warnings | undefined;
}
