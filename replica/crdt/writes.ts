/** What users ask for, turned into wire operations against what the writer sees. docs/data-model.md, section "Writes". */
import type { Path, WireOperation } from './delta.ts';
import type { DocumentState } from './document.ts';
import type { Value, ValueObject } from './value.ts';
import type { Writer } from './version.ts';

export type WriteStrategy = 'MERGE' | 'INSERT_IF_ABSENT' | 'INSERT_DEFAULT_IF_ABSENT' | 'UPDATE_DIFFERENT';

export type UpdateOperation =
  | { readonly kind: 'set'; readonly path: Path; readonly value: Value; readonly as: 'REGISTER' | 'MAP' | undefined }
  | { readonly kind: 'remove'; readonly path: Path }
  | { readonly kind: 'replaceWithCounter'; readonly path: Path }
  | { readonly kind: 'increment'; readonly path: Path; readonly by: number };

/** A document while one transaction writes to it: every write is made against what stands, and applied at once. */
export class DocumentDraft {
  readonly writer: Writer;
  state: DocumentState | undefined;
  readonly operations: WireOperation[] = [];

  /** @param writer its `covers` answers true for everything: a transaction covers all that its staging sees */
  constructor(state: DocumentState | undefined, writer: Writer) {
    this.state = state;
    this.writer = writer;
  }

  /**
   * @param fields the document without `_id`
   * @param isCounter whether a definition says that a counter stands at a path
   * @throws {TypeMismatchError}
   */
  upsert(_fields: ValueObject, _strategy: WriteStrategy, _isCounter: (path: Path) => boolean): void {
    throw new Error('pending');
  }

  /** @throws {TypeMismatchError} @throws {BadUserInputError} where `_id` or a path past the depth limit is written to */
  update(_operation: UpdateOperation, _isCounter: (path: Path) => boolean): void {
    throw new Error('pending');
  }

  /** Removes the whole document. */
  remove(): void {
    throw new Error('pending');
  }
}
