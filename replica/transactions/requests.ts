/** A transaction's requests, run over a private view, and once more at commit. */
import { showsSame } from '../crdt/document.ts';
import type { DocumentReader } from '../query/access/document-reader.ts';
import type { StoredDocument } from '../query/stored-document.ts';
import type { Request, RequestResult, Transaction } from '../transaction.ts';
import type { PrivateView } from './private-view.ts';

interface RunRequest {
  readonly run: Request<RequestResult>;
  /** Made in the first run, given again in the second, in the order of the calls. */
  readonly ids: string[];
  result: RequestResult;
}

export class RequestTransaction implements Transaction {
  /** The version of staging when the transaction began. */
  readonly stagingVersion: number;
  readonly view: PrivateView;
  readonly #requests: RunRequest[] = [];
  readonly #makeId: () => string;
  readonly #close: () => void;
  #committed = false;

  constructor(view: PrivateView, stagingVersion: number, makeId: () => string, close: () => void) {
    this.view = view;
    this.stagingVersion = stagingVersion;
    this.#makeId = makeId;
    this.#close = close;
  }

  get reader(): DocumentReader {
    return this.view;
  }

  request<Result extends RequestResult>(run: Request<Result>): Result {
    if (this.#committed) throw new Error('a transaction takes no more requests once it is committed');
    const ids: string[] = [];
    const result = run(this.view, () => this.#newId(ids));
    this.#requests.push({ run, ids, result });
    return result;
  }

  /** No request is taken from now on. */
  seal(): void {
    this.#committed = true;
  }

  /** Runs all requests over another view. @returns their results, and whether each is what the first run gave */
  runAgain(view: PrivateView): { readonly results: readonly RequestResult[]; readonly same: boolean } {
    let same = true;
    const results = this.#requests.map(({ run, ids, result }) => {
      let given = 0;
      const again = run(view, () => ids[given++] ?? this.#newId(ids));
      same &&= sameResult(result, again);
      return again;
    });
    return { results, same };
  }

  close(): void {
    this.#close();
  }

  #newId(ids: string[]): string {
    const id = this.#makeId();
    ids.push(id);
    return id;
  }
}

/** For the execution after a second run that gave other results: requests give what that run gave. */
export class RecordedTransaction implements Transaction {
  readonly reader: DocumentReader;
  readonly #results: readonly RequestResult[];
  readonly #close: () => void;
  #given = 0;

  constructor(reader: DocumentReader, results: readonly RequestResult[], close: () => void) {
    this.reader = reader;
    this.#results = results;
    this.#close = close;
  }

  request<Result extends RequestResult>(run: Request<Result>): Result {
    const result = this.#results[this.#given++];
    if (result === undefined) throw new Error(`an operation executed again made other requests: ${run.name}`);
    // The same request gave this result before, so it has the same type.
    return result as Result;
  }

  close(): void {
    this.#close();
  }
}

function sameResult(a: RequestResult, b: RequestResult): boolean {
  if (isMany(a) && isMany(b)) return a.length === b.length && a.every((member, index) => sameMember(member, b[index]));
  return !isMany(a) && !isMany(b) && sameMember(a, b);
}

const isMany = (result: RequestResult): result is readonly StoredDocument[] | readonly string[] =>
  Array.isArray(result);

function sameMember(a: StoredDocument | string, b: StoredDocument | string | undefined): boolean {
  if (typeof a === 'string' || typeof b === 'string' || b === undefined) return a === b;
  return a.collection === b.collection && a.id === b.id && showsSame(a.state, b.state);
}
