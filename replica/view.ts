/** A read view: shows one version from beginning to end, also while a resolver awaits. */
import type { DocumentReader } from './query/access/document-reader.ts';

export interface View extends DocumentReader, Disposable {
  /** The token of the version that the view shows. */
  readonly token: string;
  /** Ends the view; reads after that throw. Idempotent. `Symbol.dispose` does the same. */
  close(): void;
}
