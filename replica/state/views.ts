/**
 * Read views: while one is open, the former state of whatever changes is kept aside for it; a closed view costs nothing.
 * One that is open for too long is ended, as it keeps memory.
 */
import { HistoryUnavailableError } from '../../errors.ts';
import { documentExists } from '../crdt/document.ts';
import type { DocumentState } from '../crdt/document-node.ts';
import type { DocumentReader } from '../query/access/document-reader.ts';
import { layOver, type SeenOtherwise, type SortedIndex } from '../query/access/sorted-index.ts';
import { fieldReader } from '../query/filters/fields.ts';
import type { StoredDocument } from '../query/stored-document.ts';
import { SmallSet } from '../query/structures/small-set.ts';
import type { Path } from '../values/keypath.ts';
import type { View } from '../view.ts';
import { DocumentMap } from './document-map.ts';
import type { States } from './overlay.ts';

/** Whether a state that exists is hidden from readers. */
export type Hides = (collection: string, id: string, state: DocumentState) => boolean;

/** A state, and whether it was hidden then. */
export interface FormerState {
  readonly state: DocumentState | undefined;
  readonly hidden: boolean;
}

export function shown(collection: string, id: string, former: FormerState): StoredDocument | undefined {
  return !former.hidden && documentExists(former.state) ? { collection, id, state: former.state } : undefined;
}

/** Counts and indexes that are kept beside the states of a reader. */
export interface KeptBeside {
  /** Documents shown. */
  count(collection: string): number;
  index(collection: string, path: Path): SortedIndex | undefined;
  noteQuery(how: 'index' | 'scan'): void;
}

/** Reads of states as they stand, of what exists and is not hidden. */
export class CurrentReader implements DocumentReader {
  readonly #states: States;
  readonly #hides: Hides;
  readonly #beside: KeptBeside;

  constructor(states: States, hides: Hides, beside: KeptBeside) {
    this.#states = states;
    this.#hides = hides;
    this.#beside = beside;
  }

  former(collection: string, id: string): FormerState {
    const state = this.#states.state(collection, id);
    return { state, hidden: state !== undefined && this.#hides(collection, id, state) };
  }

  get(collection: string, id: string): StoredDocument | undefined {
    const state = this.#states.state(collection, id);
    return documentExists(state) && !this.#hides(collection, id, state) ? { collection, id, state } : undefined;
  }

  *all(collection: string): Iterable<StoredDocument> {
    for (const [id, state] of this.#states.states(collection))
      if (documentExists(state) && !this.#hides(collection, id, state)) yield { collection, id, state };
  }

  *collections(): Iterable<string> {
    for (const name of this.#states.collections())
      for (const _ of this.all(name)) {
        yield name;
        break;
      }
  }

  count(collection: string): number {
    return this.#beside.count(collection);
  }

  index(collection: string, path: Path): SortedIndex | undefined {
    return this.#beside.index(collection, path);
  }

  noteQuery(how: 'index' | 'scan'): void {
    this.#beside.noteQuery(how);
  }
}

/** How many documents a reader is shown who may see so many otherwise than another does. */
export function countAbove(
  beneath: DocumentReader,
  above: Pick<DocumentReader, 'get'>,
  ids: Iterable<string>,
  collection: string,
): number {
  let count = beneath.count(collection);
  for (const id of ids)
    count += Number(above.get(collection, id) !== undefined) - Number(beneath.get(collection, id) !== undefined);
  return count;
}

/** The index of one reader as another sees it, for whom so many documents may be other ones. */
export function indexAbove(
  beneath: DocumentReader,
  above: Pick<DocumentReader, 'get'>,
  ids: Iterable<string>,
  collection: string,
  path: Path,
): SortedIndex | undefined {
  const index = beneath.index(collection, path);
  return index && layOver(index, fieldReader(path), seenOtherwise(beneath, above, ids, collection));
}

function* seenOtherwise(
  beneath: DocumentReader,
  above: Pick<DocumentReader, 'get'>,
  ids: Iterable<string>,
  collection: string,
): Generator<SeenOtherwise> {
  for (const id of ids) yield [beneath.get(collection, id), above.get(collection, id)];
}

/** The views that are open over one reader. */
export class Views {
  readonly #current: CurrentReader;
  readonly #now: () => number;
  readonly #maximumMilliseconds: number;
  /** Nearly always one: views open and close in the same turn. */
  readonly #open = new SmallSet<OpenView>();

  constructor(current: CurrentReader, now: () => number, maximumMilliseconds: number) {
    this.#current = current;
    this.#now = now;
    this.#maximumMilliseconds = maximumMilliseconds;
  }

  open(token: string): OpenView {
    const view = new OpenView(this.#current, token, this.#now(), () => this.#open.delete(view));
    this.#open.add(view);
    return view;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Saves a document for open views. Call it before the document changes, in the same turn. */
  keep(collection: string, id: string): void {
    if (this.#open.size === 0) return;
    const oldest = this.#now() - this.#maximumMilliseconds;
    let former: FormerState | undefined;
    for (const view of this.#open) {
      if (view.openedAtMilliseconds < oldest) view.close();
      else if (!view.kept.has(collection, id)) {
        former ??= this.#current.former(collection, id);
        view.kept.set(collection, id, former);
      }
    }
  }
}

export class OpenView implements View {
  readonly token: string;
  readonly openedAtMilliseconds: number;
  readonly kept = new DocumentMap<FormerState>();
  readonly #current: CurrentReader;
  readonly #closed: () => void;
  #isOpen = true;

  constructor(current: CurrentReader, token: string, openedAtMilliseconds: number, closed: () => void) {
    this.#current = current;
    this.token = token;
    this.openedAtMilliseconds = openedAtMilliseconds;
    this.#closed = closed;
  }

  /** The state as of this view, whether or not readers are shown it. */
  former(collection: string, id: string): FormerState {
    this.#check();
    return this.kept.get(collection, id) ?? this.#current.former(collection, id);
  }

  get(collection: string, id: string): StoredDocument | undefined {
    this.#check();
    const kept = this.kept.get(collection, id);
    return kept ? shown(collection, id, kept) : this.#current.get(collection, id);
  }

  *all(collection: string): Iterable<StoredDocument> {
    this.#check();
    for (const document of this.#current.all(collection)) if (!this.kept.has(collection, document.id)) yield document;
    for (const [id, former] of this.kept.ofCollection(collection)) {
      const document = shown(collection, id, former);
      if (document) yield document;
    }
  }

  *collections(): Iterable<string> {
    this.#check();
    for (const name of new Set([...this.#current.collections(), ...this.kept.collections()]))
      for (const _ of this.all(name)) {
        yield name;
        break;
      }
  }

  count(collection: string): number {
    this.#check();
    return countAbove(this.#current, this, this.kept.idsOf(collection), collection);
  }

  index(collection: string, path: Path): SortedIndex | undefined {
    this.#check();
    return indexAbove(this.#current, this, this.kept.idsOf(collection), collection, path);
  }

  noteQuery(how: 'index' | 'scan'): void {
    this.#current.noteQuery(how);
  }

  close(): void {
    this.#isOpen = false;
    this.#closed();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #check(): void {
    if (!this.#isOpen)
      throw new HistoryUnavailableError('this operation took too long, and the version it read is gone');
  }
}
