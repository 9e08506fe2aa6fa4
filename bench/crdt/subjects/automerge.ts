import * as Automerge from '@automerge/automerge';
import type { Codec, Store, Subject } from '../subject.ts';
import type { Fields, Update } from '../workload.ts';

type Car = Record<string, unknown>;
interface Cars {
  cars: Record<string, Car>;
}

/** Every replica begins with the same first change, as documents that are to merge must. */
const beginning = Automerge.save(Automerge.from<{ cars: Record<string, Car> }>({ cars: {} }, '00'));

class AutomergeStore implements Store {
  #doc = Automerge.load<Cars>(beginning);
  #batchFrom = Automerge.getHeads(this.#doc);

  create(id: string, fields: Fields): Uint8Array {
    return this.#write(({ cars }) => {
      const car: Car = {};
      for (const [key, value] of Object.entries(fields)) car[key] = register(value);
      cars[id] = car;
    });
  }

  update({ id, field, value }: Update): Uint8Array {
    return this.#write(({ cars }) => {
      carOf(cars, id)[field] = register(value);
    });
  }

  increment(id: string): Uint8Array {
    return this.#write(({ cars }) => {
      const car = carOf(cars, id);
      const { views } = car;
      if (views instanceof Automerge.Counter) views.increment(1);
      else car.views = new Automerge.Counter(1);
    });
  }

  #write(write: (doc: Cars) => void): Uint8Array {
    this.#doc = Automerge.change(this.#doc, write);
    const change = Automerge.getLastLocalChange(this.#doc);
    if (change === undefined) throw new Error('nothing was written');
    return change;
  }

  beginBatch(): void {
    this.#batchFrom = Automerge.getHeads(this.#doc);
  }

  endBatch(): Uint8Array {
    return Automerge.saveSince(this.#doc, this.#batchFrom);
  }

  apply(delta: Uint8Array): void {
    [this.#doc] = Automerge.applyChanges(this.#doc, [delta]);
  }

  applyBatch(batch: Uint8Array): void {
    this.#doc = Automerge.loadIncremental(this.#doc, batch);
  }

  save(): readonly Uint8Array[] {
    return [Automerge.save(this.#doc)];
  }

  load(saved: readonly Uint8Array[]): void {
    Automerge.free(this.#doc);
    for (const bytes of saved) this.#doc = Automerge.load<Cars>(bytes);
  }

  read(id: string): Car {
    return Object.fromEntries(Object.entries(carOf(this.#doc.cars, id)).map(([key, value]) => [key, plainOf(value)]));
  }

  close(): void {
    Automerge.free(this.#doc);
  }
}

/** Strings are texts that can be edited together, unless they are said to be values. */
const register = (value: unknown): unknown =>
  typeof value === 'string' ? new Automerge.ImmutableString(value) : value;

function plainOf(value: unknown): unknown {
  if (value instanceof Automerge.ImmutableString) return value.val;
  return value instanceof Automerge.Counter ? value.value : value;
}

function carOf(cars: Record<string, Car>, id: string): Car {
  const car = cars[id];
  if (car === undefined) throw new Error(`${id} is not there`);
  return car;
}

const codec: Codec = {
  decode: (delta) => Automerge.decodeChange(delta),
  encode: (decoded) => Automerge.encodeChange(changeOf(decoded)),
};

function changeOf(decoded: unknown): Automerge.DecodedChange {
  if (!isChange(decoded)) throw new TypeError('not a change');
  return decoded;
}

const isChange = (decoded: unknown): decoded is Automerge.DecodedChange =>
  typeof decoded === 'object' && decoded !== null && 'ops' in decoded;

export const automerge: Subject = {
  name: 'Automerge',
  note: 'one document, a map of maps, strings as ImmutableString, a change for each transaction; batches by saveSince; saved with its history',
  open: () => new AutomergeStore(),
  codec,
};
