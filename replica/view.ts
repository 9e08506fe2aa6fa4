/** A read at one version, from beginning to end, also while a resolver awaits. */
import type { DocumentReader } from './query/access/document-reader.ts';

export interface View extends DocumentReader, Disposable {
  /** The token of what this view shows. */
  readonly token: string;
  /** Ends the view; reading after it throws. Idempotent. `Symbol.dispose` does the same. */
  close(): void;
}
