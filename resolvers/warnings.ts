/**
 * Warnings for developers about names that do not exist. The generic API treats an unknown collection or keypath as
 * empty, because any write may create it. If warnings are on, `extensions.warnings` of the response lists such names.
 */
import type { Definitions } from '../definitions/definitions.ts';
import { limits } from '../limits.ts';
import type { DocumentReader } from '../replica/query/access/document-reader.ts';
import { fieldReader, isIdPath } from '../replica/query/filters/fields.ts';
import type { Filter } from '../replica/query/filters/filter.ts';
import type { OrderField } from '../replica/query/filters/order.ts';
import { isSystemCollection } from '../replica/values/collections.ts';
import type { Path } from '../replica/values/keypath.ts';
import { formatKeypath } from '../replica/values/keypath.ts';
import { type DocumentName, describeGlobalId } from './global-ids.ts';

export interface GenericQuery {
  readonly collection: string;
  readonly filter?: Filter | undefined;
  readonly order?: readonly OrderField[] | undefined;
}

/** The warnings of one operation. */
export class Warnings {
  readonly #reader: DocumentReader;
  readonly #definitions: Definitions;
  readonly #considered = new Set<string>();
  readonly #messages: string[] = [];

  constructor(reader: DocumentReader, definitions: Definitions) {
    this.#reader = reader;
    this.#definitions = definitions;
  }

  /** At most limits.warnings. */
  get messages(): readonly string[] {
    return this.#messages;
  }

  query({ collection, filter, order = [] }: GenericQuery): void {
    if (!this.#exists(collection)) return;
    if (filter !== undefined) for (const path of pathsOf(filter)) this.keypath(collection, path);
    for (const { path } of order) this.keypath(collection, path);
  }

  /** Warns about a global id of another collection, unless it is also the `_id` of a document. */
  name({ collection, id, globalId }: DocumentName): void {
    if (globalId === undefined || globalId.collection === collection) return;
    if (this.#reader.get(collection, id) !== undefined || !this.#isNew(`${collection} ${id}`)) return;
    this.#warn(`the id ${id} is ${describeGlobalId(globalId)}: there is no such document in ${collection}`);
  }

  keypath(collection: string, path: Path): void {
    if (isIdPath(path) || this.#definitions.isDefined(collection, path)) return;
    const keypath = formatKeypath(path);
    if (!this.#isNew(`${collection} ${keypath}`)) return;
    const read = fieldReader(path);
    let looked = 0;
    for (const document of this.#reader.all(collection)) {
      if (read(document) !== undefined) return;
      looked += 1;
      if (looked === limits.documentsPerWarning) break;
    }
    if (looked === 0) return;
    const defined = this.#definitions.get(collection);
    const known = defined === undefined ? '' : `: ${collection} is defined with ${list(Object.keys(defined.fields))}`;
    this.#warn(`the keypath ${keypath} leads nowhere in ${looked} documents of ${collection}${known}`);
  }

  #exists(collection: string): boolean {
    if (this.#reader.count(collection) > 0 || this.#definitions.get(collection) !== undefined) return true;
    if (this.#isNew(collection)) {
      const stored = [...this.#reader.collections()].filter((name) => !isSystemCollection(name));
      const defined = this.#definitions.collections.map(({ name }) => name);
      const known = [...new Set([...stored, ...defined])].sort();
      this.#warn(`there is no collection ${collection}${known.length === 0 ? '' : `: there are ${list(known)}`}`);
    }
    return false;
  }

  #isNew(name: string): boolean {
    if (this.#considered.has(name) || this.#messages.length >= limits.warnings) return false;
    this.#considered.add(name);
    return true;
  }

  #warn(message: string): void {
    this.#messages.push(message);
  }
}

function* pathsOf(filter: Filter): Generator<Path> {
  if ('path' in filter) yield filter.path;
  else if (filter.kind === 'not') yield* pathsOf(filter.filter);
  else for (const each of filter.filters) yield* pathsOf(each);
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, limits.namesPerWarning).join(', ');
  const rest = names.length - limits.namesPerWarning;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
