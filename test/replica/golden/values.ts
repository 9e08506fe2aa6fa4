/** Values with one of every kind in them, written by hand: what golden.json has as bytes. */
import type { Delta, WireOperation } from '../../../replica/crdt/delta.ts';
import { applyOperations } from '../../../replica/crdt/document.ts';
import type { DocumentState } from '../../../replica/crdt/document-node.ts';
import { noOthers } from '../../../replica/crdt/version.ts';
import { batchOf } from '../../../replica/log/batch.ts';
import { makeEntry, markAtStart } from '../../../replica/log/entry.ts';
import type { LogEntry } from '../../../replica/log/log.ts';
import type { Generation, Manifest } from '../../../replica/log/snapshots.ts';
import type { Token } from '../../../replica/token.ts';
import { AttachmentToken } from '../../../replica/values/value.ts';

export const log = '0123456789abcdef0123456789abcdef';
const mark = '0123456789abcdef0123456789abcdef01234567';
const ann = 'ann.aaaaaaaa';
const bob = 'bob.bbbbbbbb';

const writes: readonly WireOperation[] = [
  { kind: 'makeMap', path: [], isDefault: false },
  { kind: 'assign', path: ['text'], value: 'Grüße, 😀', floors: [], isDefault: false },
  { kind: 'assign', path: ['large'], value: 9_007_199_254_740_993n, floors: [], isDefault: false },
  { kind: 'assign', path: ['unsigned'], value: 18_446_744_073_709_551_615n, floors: [], isDefault: false },
  { kind: 'assign', path: ['float'], value: -0.333_389_667_818_595_47, floors: [], isDefault: false },
  { kind: 'assign', path: ['list'], value: [null, true, 1, 'x', { nested: [] }], floors: [], isDefault: true },
  { kind: 'assign', path: ['photo'], value: new AttachmentToken('attachment_1'), floors: [], isDefault: false },
  { kind: 'makeMap', path: ['address'], isDefault: false },
  { kind: 'assign', path: ['address', 'city'], value: 'Bern', floors: [], isDefault: false },
  { kind: 'makeCounter', path: ['likes'], base: 5, isDefault: false },
  {
    kind: 'increment',
    path: ['likes'],
    birth: 1,
    before: { up: 0, down: 0 },
    after: { up: 3, down: 0.5 },
    isDefault: false,
  },
];

const first: Delta = {
  origin: ann,
  number: 1,
  context: { log, position: 0, numberBefore: 0, others: noOthers },
  time: 1_764_547_200_000_000,
  operations: [{ collection: 'cars', id: 'vw', operations: writes }],
};

const second: Delta = {
  origin: ann,
  number: 3,
  context: { log, position: 1, numberBefore: 1, others: new Map([[bob, 7]]) },
  time: 1_764_547_201_000_000,
  operations: [
    {
      collection: 'cars',
      id: 'vw',
      operations: [
        {
          kind: 'remove',
          path: ['likes'],
          floors: [{ path: ['likes'], origin: ann, birth: 1, up: 3, down: 0.5 }],
        },
        { kind: 'assign', path: ['text'], value: '', floors: [], isDefault: false },
      ],
    },
    { collection: 'people', id: 'ann', operations: [{ kind: 'makeMap', path: [], isDefault: false }] },
  ],
};

export const deltas = [first, second] as const;

/** Of two writers that did not see each other. */
function stateAfter(): DocumentState {
  const [{ operations }] = [first];
  const by = (origin: string, number: number, position: number) => ({
    ...{ origin, number, position, log },
    time: 1_764_547_200_000_000 + position,
    covers: (dot: { readonly origin: string }) => dot.origin === origin,
  });
  const one = applyOperations(undefined, operations[0]?.operations ?? [], by(ann, 1, 1));
  const other = { kind: 'assign', path: ['text'], value: 'other', floors: [], isDefault: false } as const;
  const state = applyOperations(one, [other], by(bob, 7, 2));
  if (state === undefined) throw new Error('a document that was written is there');
  return state;
}
export const state = stateAfter();

export function entryIn(format: number): LogEntry {
  const batch = batchOf(log, [{ delta: first, isOverdue: false }], format);
  const [transaction] = batch.transactions;
  if (transaction === undefined) throw new Error('a batch of one has one');
  return makeEntry(log, 0, markAtStart(log), batch.shared, [transaction]);
}

const generation: Generation = {
  name: 'f'.repeat(32),
  begin: { log, position: 7, mark },
  chunks: 2,
  bytes: 1_000,
  origins: new Map([
    [ann, 3],
    [bob, 7],
  ]),
  skipped: [{ origin: bob, after: 3, upTo: 5 }],
};
export const manifest: Manifest = {
  generation,
  before: { ...generation, name: 'e'.repeat(32), skipped: [] },
  closedLogs: [
    { log: 'one', position: 3, marks: [{ position: 3, mark }] },
    { log: 'beside', position: 0, marks: [] },
  ],
};

export const storedChunk = {
  generation: 'f'.repeat(32),
  index: 1,
  label: { log, position: 9, mark },
  records: [{ collection: 'cars', id: 'vw', state }],
  removed: [{ collection: 'cars', id: 'bmw', position: 8, time: 1_764_547_200_000_000 }],
};

export const heartbeat = {
  origin: ann,
  head: { log, position: 7, mark },
  closedLogs: 1,
  mayHeal: true,
  keptFrom: 3,
  unsent: 2,
  missingGeneration: 'f'.repeat(32),
  reads: [1, 1],
  leaving: false,
} as const;

export const plainToken: Token = {
  log,
  position: 7,
  mark: mark.slice(0, 8),
  journaled: new Map([[ann, 3]]),
  evicted: true,
  told: undefined,
};
export const partToken: Token = {
  ...plainToken,
  journaled: new Map(),
  evicted: false,
  told: {
    place: { position: 5, id: 'vw' },
    begun: 2,
    time: 1_764_547_200_000_000,
    evictions: 1,
    process: '0'.repeat(32),
  },
};

const sha256 = '0123456789abcdef'.repeat(4);
export const messages = [
  { kind: 'question', from: ann, contents: [sha256] },
  {
    kind: 'answer',
    from: ann,
    holdings: [
      { sha256, size: 5 },
      { sha256, size: undefined },
    ],
  },
  { kind: 'request', from: ann, sha256, offset: 65_536, length: 1_024 },
  { kind: 'chunk', from: ann, sha256, offset: 65_536, bytes: Buffer.from('bytes') },
] as const;
