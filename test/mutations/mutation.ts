/** A rule broken in one place of the code. */
export interface Change {
  /** Of docs/internals/data-model.md or docs/internals/protocol.md; for what has no number, the part's name. */
  readonly rule: string;
  /** What is wrong then. */
  readonly what: string;
  /** Stands in its file once. */
  readonly find: string;
  readonly replacement: string;
}

export interface Mutation extends Change {
  /** From the root. */
  readonly file: string;
}

export const inFile = (file: string, changes: readonly Change[]): readonly Mutation[] =>
  changes.map((change) => ({ ...change, file }));
