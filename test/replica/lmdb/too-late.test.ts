import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeDelta } from '../../../replica/codec/delta-codec.ts';
import type { Delta } from '../../../replica/crdt/delta.ts';
import { noOthers } from '../../../replica/crdt/version.ts';
import { markAtStart } from '../../../replica/log/entry.ts';
import { newPath, openFolder } from './folders.ts';

it('P41: what came too late leaves the journal for a file that people can read', async () => {
  const path = await newPath();
  const { journal } = await openFolder(path);
  const delta = (number: number): Delta => ({
    origin: 'berlin.k3v9x0qa',
    number,
    context: { log: 'log', position: 0, numberBefore: number - 1, others: noOthers },
    time: 1_790_000_000_000 * 1024,
    operations: [
      {
        collection: 'cars',
        id: 'vw',
        operations: [
          { kind: 'assign', path: ['make'], value: 'VW', floors: [], isDefault: false },
          {
            kind: 'increment',
            path: ['n', 'x.y'],
            birth: 1,
            before: { up: 2, down: 0 },
            after: { up: 2, down: 3 },
            isDefault: false,
          },
          { kind: 'remove', path: [], floors: [] },
        ],
      },
    ],
  });
  const context = { log: 'log', position: 0, mark: markAtStart('log') };
  const journaled = [1, 2, 3].map((number) => ({
    origin: 'berlin.k3v9x0qa',
    number,
    numberBefore: number - 1,
    bytes: encodeDelta(delta(number)),
    context,
  }));
  await journal.add(journaled, { bases: [], entries: [] });

  await journal.setAside(journaled.slice(1, 2));
  await journal.setAside(journaled.slice(2));

  expect((await journal.load()).map(({ number }) => number)).toEqual([1]);
  const lines = (await readFile(join(path, 'too-late.ndjson'), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).number)).toEqual([2, 3]);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    replica: 'berlin.k3v9x0qa',
    number: 2,
    time: '2026-09-21T14:13:20.000Z',
    changes: [
      {
        collection: 'cars',
        id: 'vw',
        operations: [{ set: 'make', value: 'VW' }, { increment: 'n["x.y"]', by: -3 }, { remove: '' }],
      },
    ],
  });
});
