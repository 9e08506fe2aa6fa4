/** All live queries of a replica: equal ones are one, and a change is shown only to those whose collection it touches. */
import type { DocumentReader, StoredDocument } from '../documents.ts';
import type { DocumentChange, LiveQueryDefinition, ResultChange } from './live-query.ts';

export interface LiveReader {
  readonly result: readonly StoredDocument[];
  close(): void;
}

export class LiveQueries {
  readonly #reader: DocumentReader;

  /** @param reader of what is durable now */
  constructor(reader: DocumentReader) {
    this.#reader = reader;
  }

  /** @param changed told in the turn of `apply`; must not throw */
  open(_definition: LiveQueryDefinition, _changed: (change: ResultChange) => void): LiveReader {
    throw new Error(`pending ${this.#reader}`);
  }

  apply(_changes: readonly DocumentChange[]): void {
    throw new Error('pending');
  }

  /** Different queries held now, and their readers. */
  get size(): { readonly queries: number; readonly readers: number } {
    throw new Error('pending');
  }
}
