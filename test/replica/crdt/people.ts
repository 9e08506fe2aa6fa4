/** For tests that tell a story: people who write to one document, each seeing what they are said to have seen. */

import { decodeDelta, encodeDelta } from '../../../replica/codec/delta-codec.ts';
import type { WireOperation } from '../../../replica/crdt/delta.ts';
import { applyOperations, documentValue } from '../../../replica/crdt/document.ts';
import type { DocumentState } from '../../../replica/crdt/document-node.ts';
import { noOthers, type Writer } from '../../../replica/crdt/version.ts';
import { DocumentDraft, type WriteStrategy } from '../../../replica/crdt/writes.ts';
import { type Json, jsonFromValue, valueFromJson } from '../../../replica/values/json.ts';
import type { Path } from '../../../replica/values/keypath.ts';
import { parseKeypath } from '../../../replica/values/keypath.ts';
import { isValueObject } from '../../../replica/values/value.ts';

/** What a person did, with the names of all that they had seen. */
export interface Deed {
  readonly by: string;
  readonly number: number;
  readonly time: number;
  readonly operations: readonly WireOperation[];
  readonly seen: ReadonlySet<string>;
}

const nameOf = ({ origin, number }: { readonly origin: string; readonly number: number }): string =>
  `${origin}#${number}`;

/** A document as somebody sees it: what was done to it, in the order in which it is applied. */
export class Sight {
  readonly state: DocumentState | undefined;
  readonly deeds: readonly Deed[];

  constructor(deeds: readonly Deed[] = [], state: DocumentState | undefined = undefined) {
    this.deeds = deeds;
    this.state = state;
  }

  /** This, and what others did who may have seen less. */
  and(...others: readonly Sight[]): Sight {
    let sight: Sight = this;
    for (const deed of others.flatMap(({ deeds }) => deeds)) {
      if (!sight.deeds.includes(deed)) sight = sight.#with(deed);
    }
    return sight;
  }

  /** What stands after somebody wrote, having seen all of this. */
  by(name: string, time: number, write: (pen: Pen) => void, isCounter: (path: Path) => boolean = () => false): Sight {
    const number = this.deeds.filter((deed) => deed.by === name).length + 1;
    const writer = { origin: name, number, time, log: undefined, position: 0, covers: () => true };
    const draft = new DocumentDraft(this.state, writer);
    write(new Pen(draft, isCounter));
    const seen = new Set(this.deeds.map((deed) => nameOf({ origin: deed.by, number: deed.number })));
    return this.#with({ by: name, number, time, operations: travelled(draft.operations), seen });
  }

  get json(): Json {
    return this.state ? jsonFromValue(documentValue(this.state)) : null;
  }

  #with(deed: Deed): Sight {
    const writer: Writer = {
      origin: deed.by,
      number: deed.number,
      time: deed.time,
      log: undefined,
      position: 0,
      covers: (dot) => deed.seen.has(nameOf(dot)) || nameOf(dot) === nameOf({ origin: deed.by, number: deed.number }),
    };
    return new Sight([...this.deeds, deed], applyOperations(this.state, deed.operations, writer));
  }
}

export const nothing = new Sight();

/** Writes as users do, in JSON and keypaths. */
export class Pen {
  readonly draft: DocumentDraft;
  readonly #isCounter: (path: Path) => boolean;

  constructor(draft: DocumentDraft, isCounter: (path: Path) => boolean) {
    this.draft = draft;
    this.#isCounter = isCounter;
  }

  upsert(json: Json, strategy: WriteStrategy = 'MERGE'): void {
    const fields = valueFromJson(json, 'document');
    if (isValueObject(fields)) this.draft.upsert(fields, strategy, this.#isCounter);
  }

  set(path: string, json: Json, as?: 'REGISTER' | 'MAP'): void {
    const value = valueFromJson(json, 'value');
    this.draft.update({ kind: 'set', path: parseKeypath(path, 'path'), value, as }, this.#isCounter);
  }

  remove(path: string): void {
    this.draft.update({ kind: 'remove', path: parseKeypath(path, 'path') }, this.#isCounter);
  }

  removeAll(): void {
    this.draft.remove();
  }

  replaceWithCounter(path: string): void {
    this.draft.update({ kind: 'replaceWithCounter', path: parseKeypath(path, 'path') }, this.#isCounter);
  }

  increment(path: string, by: number): void {
    this.draft.update({ kind: 'increment', path: parseKeypath(path, 'path'), by }, this.#isCounter);
  }
}

/** As peers get them: out of bytes. */
function travelled(operations: readonly WireOperation[]): readonly WireOperation[] {
  const delta = {
    origin: 'x',
    number: 1,
    time: 1,
    context: { log: 'x', position: 0, numberBefore: 0, others: noOthers },
    operations: [{ collection: 'x', id: 'x', operations }],
  };
  return decodeDelta(encodeDelta(delta)).operations.flatMap((touched) => touched.operations);
}
