/** Measures one subject, and tells its parent. */
import { liveBytes, type Measured, rateOf, timeSteps, timeWhole } from '../measure.ts';
import { PackedBytes } from './packed-bytes.ts';
import type { Store, Subject } from './subject.ts';
import { subjects } from './subjects.ts';
import { type Fields, fieldsOf, idOf, incrementedIdOf, type Update, updateOf } from './workload.ts';

const [name, documentsText, secondsText] = process.argv.slice(2);
const batchSize = 100;
const stepsBetweenClocks = 1000;

export interface Numbers {
  readonly documents: number;
  readonly updates: number;
  readonly values: Readonly<Record<string, number>>;
}

/** @param seconds at most, for each kind of work */
function measure(subject: Subject, wanted: number, seconds: number): Numbers {
  const values: Record<string, number> = {};
  const deltas = new PackedBytes();
  const batches = new PackedBytes();

  const empty = liveBytes();
  const local = subject.open('replica-1');
  const created = write(
    wanted,
    seconds,
    fieldsOf,
    (fields: Fields, index) => local.create(idOf(index), fields),
    deltas,
  );
  const documents = created.done;
  values.create = rateOf(created);
  values.createBytes = deltas.bytes / documents;
  deltas.clear();
  values.freshHeap = (liveBytes() - empty) / documents;

  let saved: readonly Uint8Array[] = [];
  values.save = rateOf(
    timeWhole(documents, seconds / 4, () => {
      saved = local.save();
    }),
  );
  values.savedBytes = bytesIn(saved) / documents;
  const load = (visit: (loaded: Store) => void) =>
    timeWhole(documents, seconds / 4, () => {
      const loaded = subject.open('replica-2');
      loaded.load(saved);
      visit(loaded);
      loaded.close();
    });
  values.load = rateOf(load(() => {}));
  values.loadAndRead = rateOf(load((loaded) => readAll(loaded, documents)));

  const beforeUpdates = liveBytes();
  const makeUpdate = (index: number): Update => updateOf(index, documents);
  const updated = write(
    2 * documents,
    2 * seconds,
    makeUpdate,
    (update) => local.update(update),
    deltas,
    local,
    batches,
  );
  const updates = updated.done;
  values.update = rateOf(updated);
  values.deltaBytes = deltas.bytes / updates;
  if (subject.headBytes !== undefined) values.headBytes = subject.headBytes;
  values.batchedBytes = batches.bytes / (batches.length * batchSize);
  const grown = liveBytes() - beforeUpdates - deltas.heldBytes - batches.heldBytes;
  values.updatedHeap = values.freshHeap + grown / documents;
  values.updatedSavedBytes = bytesIn(local.save()) / documents;

  measureCodec(subject, deltas, seconds, values);
  const one = applied(subject, saved, deltas, 1, seconds, (store, bytes) => store.apply(bytes));
  values.apply = one.rate;
  const many = applied(subject, saved, batches, batchSize, seconds, (store, bytes) => store.applyBatch(bytes));
  values.applyBatched = many.rate;
  if (one.done === updates) checkAgree(local, one.store, documents);
  if (many.done === batches.length)
    checkAgree(one.done === updates ? one.store : local, many.store, documents, updates);

  const makeId = (index: number): string => incrementedIdOf(index, documents);
  const counted = new PackedBytes();
  values.increment = rateOf(write(documents, seconds, makeId, (id: string) => local.increment(id), counted));
  // What depends on what has not come would only wait.
  if (many.done === batches.length && updates % batchSize === 0) {
    for (const delta of counted.all()) many.store.apply(delta);
    checkAgree(local, many.store, documents);
  }
  return { documents, updates, values };
}

/** Local transactions, their bytes packed while the clock stands still. */
function write<Input>(
  steps: number,
  seconds: number,
  makeInput: (index: number) => Input,
  run: (input: Input, index: number) => Uint8Array,
  into: PackedBytes,
  store?: Store,
  batches?: PackedBytes,
): Measured {
  let inputs: Input[] = [];
  let made: Uint8Array[] = [];
  const size = batches ? batchSize : stepsBetweenClocks;
  return timeSteps(
    steps,
    size,
    seconds,
    (from, to) => {
      inputs = Array.from({ length: to - from }, (_, index) => makeInput(from + index));
      made = [];
      if (batches) store?.beginBatch();
      return () => {
        for (const delta of made) into.push(delta);
        if (batches && store && made.length === batchSize) batches.push(store.endBatch(made));
      };
    },
    (from) => {
      for (const [index, input] of inputs.entries()) made.push(run(input, from + index));
    },
  );
}

function measureCodec({ codec }: Subject, deltas: PackedBytes, seconds: number, values: Record<string, number>): void {
  if (!codec) return;
  let inputs: Uint8Array[] = [];
  let decoded: unknown[] = [];
  let encoded = 0;
  const load = (from: number, to: number) => {
    inputs = deltas.slice(from, to);
    decoded = [];
    return undefined;
  };
  values.decode = rateOf(
    timeSteps(deltas.length, stepsBetweenClocks, seconds / 2, load, () => {
      for (const delta of inputs) decoded.push(codec.decode(delta));
    }),
  );
  const decode = (from: number, to: number) => {
    decoded = deltas.slice(from, to).map((delta) => codec.decode(delta));
    return undefined;
  };
  values.encode = rateOf(
    timeSteps(deltas.length, stepsBetweenClocks, seconds / 2, decode, () => {
      for (const delta of decoded) encoded += codec.encode(delta).length;
    }),
  );
  if (encoded === 0) throw new Error('nothing was encoded');
}

interface Applied {
  readonly store: Store;
  readonly rate: number;
  readonly done: number;
}

/** A replica that holds the documents as they were made takes what was written since. */
function applied(
  subject: Subject,
  saved: readonly Uint8Array[],
  source: PackedBytes,
  writesEach: number,
  seconds: number,
  apply: (store: Store, bytes: Uint8Array) => void,
): Applied {
  const store = subject.open('replica-3');
  store.load(saved);
  let inputs: Uint8Array[] = [];
  const measured = timeSteps(
    source.length,
    Math.max(1, stepsBetweenClocks / writesEach / 10),
    seconds,
    (from, to) => {
      inputs = source.slice(from, to);
      return undefined;
    },
    () => {
      for (const bytes of inputs) apply(store, bytes);
    },
  );
  return { store, rate: rateOf(measured) * writesEach, done: measured.done };
}

function readAll(store: Store, documents: number): void {
  let fields = 0;
  for (let index = 0; index < documents; index++) fields += Object.keys(store.read(idOf(index))).length;
  if (fields < documents) throw new Error('documents are missing');
}

function checkAgree(a: Store, b: Store, documents: number, updates = 0): void {
  // The last batch may be too short to have been sent.
  const step = Math.max(1, Math.floor(documents / 50));
  for (let index = 0; index < documents && updates % batchSize === 0; index += step) {
    const [one, other] = [a, b].map((store) => JSON.stringify(Object.entries(store.read(idOf(index))).sort()));
    if (one !== other) throw new Error(`replicas differ at ${idOf(index)}: ${one} and ${other}`);
  }
}

const bytesIn = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

const subject = subjects.find((candidate) => candidate.name === name);
if (!subject) throw new Error(`no subject is called ${name}`);
// What the compiler learns from small stores it need not learn while it is measured.
measure(subject, 3000, 0.5);
process.send?.(measure(subject, Number(documentsText), Number(secondsText)));
