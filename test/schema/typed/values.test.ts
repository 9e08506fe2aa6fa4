import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDefinitions } from '../../../definitions/check.ts';
import {
  attachment,
  boolean,
  collection,
  counter,
  float,
  int,
  json,
  list,
  map,
  mapOf,
  string,
} from '../../../definitions/language.ts';
import { objectFromJson } from '../../../replica/values/json.ts';
import { type Api, openApi, textAt } from '../api.ts';

const fields = {
  text: string(),
  whole: int(),
  number: float(),
  flag: boolean(),
  any: json(),
  count: counter(),
  file: attachment(),
  texts: list(string()),
  files: list(attachment()),
  grid: list(list(int())),
  points: list(map({ x: float(), label: string(), file: attachment() })),
  nested: map({ text: string(), deeper: map({ count: counter(), whole: int() }) }),
  names: mapOf(string()),
  pairs: mapOf(map({ a: int(), b: string() })),
};

let api: Api;
beforeAll(async () => {
  api = await openApi(checkDefinitions({ things: collection('Thing', fields) }));
});
afterAll(() => api[Symbol.asyncDispose]());

const selection = `_id text whole number flag any count file { id } texts files { id } grid
  points { x label file { id } } nested { text deeper { count whole } } names pairs`;
const read = (id: string) => api.run(`query ($id: ID!) { thing(id: $id) { ${selection} } }`, { id });

/** Writes past the definitions, as another replica may. */
async function writeUnchecked(id: string, document: unknown): Promise<void> {
  const transaction = api.replica.begin();
  try {
    const value = objectFromJson(document, 'document');
    transaction.request((writer) => writer.upsert('things', id, value, 'MERGE', () => false));
    await api.replica.commit(transaction);
  } finally {
    transaction.close();
  }
}

const nothing = {
  text: null,
  whole: null,
  number: null,
  flag: null,
  any: null,
  count: 0,
  file: null,
  texts: null,
  files: null,
  grid: null,
  points: null,
  nested: null,
  names: null,
  pairs: null,
};

describe('the typed view', () => {
  it('gives every type back as it was written', async () => {
    const data = await api.run('mutation ($file: File!) { uploadAttachment(file: $file) { id } }', {
      file: await api.file('x'),
    });
    const id = textAt(data, 'uploadAttachment.id');
    const thing = {
      _id: 'all',
      text: 'é😀',
      whole: -2147483648,
      number: 1e300,
      flag: false,
      any: [1, { a: null }],
      file: id,
      texts: ['a', ''],
      files: [id, id],
      grid: [[1, 2], []],
      points: [{ x: 1.5, label: 'p', file: id }, { x: 0 }],
      nested: { text: 't', deeper: { whole: 5 } },
      names: { 'a.b': 'c' },
      pairs: { one: { a: 1, b: 'x' } },
    };
    await api.run('mutation ($thing: ThingInput!) { upsertThing(thing: $thing) { thing { _id } } }', { thing });
    await api.run(
      'mutation { updateThing(id: "all", increment: { count: 1, nested: { deeper: { count: 2 } } }) { thing { _id } } }',
    );
    expect(await read('all')).toEqual({
      thing: {
        ...thing,
        count: 1,
        file: { id },
        files: [{ id }, { id }],
        points: [
          { x: 1.5, label: 'p', file: { id } },
          { x: 0, label: null, file: null },
        ],
        nested: { text: 't', deeper: { whole: 5, count: 2 } },
      },
    });
  });

  it('gives null for what is not there, and 0 for a counter', async () => {
    await writeUnchecked('empty', {});
    expect(await read('empty')).toEqual({ thing: { _id: 'empty', ...nothing } });
    await writeUnchecked('partly', { nested: { deeper: {} } });
    expect(await read('partly')).toMatchObject({
      thing: { nested: { text: null, deeper: { count: 0, whole: null } } },
    });
  });

  it('gives null for values of another type, and the generic API shows them', async () => {
    const document = {
      text: 5,
      whole: 1.5,
      number: 'x',
      flag: 0,
      count: 'many',
      file: 'x',
      texts: ['a', 5],
      files: [{ $attachment: 'unknown' }],
      grid: [[1, null]],
      points: [5],
      nested: ['x'],
      names: [],
      pairs: 'x',
    };
    await writeUnchecked('wrong', document);
    expect(await read('wrong')).toEqual({ thing: { _id: 'wrong', ...nothing, count: null, files: [null] } });
    expect(await api.run('{ thing(id: "wrong") { document { value } } }')).toEqual({
      thing: { document: { value: { _id: 'wrong', ...document } } },
    });
  });

  it('gives null for the members that do not fit, and the others', async () => {
    await writeUnchecked('members', {
      nested: { text: 5, deeper: { whole: 7 } },
      names: { a: 'x', b: 5 },
      pairs: { one: { a: 1, b: 2, c: 3 }, two: 5 },
      points: [{ x: 'x', label: 'p' }],
    });
    expect(await read('members')).toMatchObject({
      thing: {
        nested: { text: null, deeper: { whole: 7 } },
        names: { a: 'x', b: null },
        pairs: { one: { a: 1, b: null, c: 3 }, two: null },
        points: [{ x: null, label: 'p' }],
      },
    });
  });

  it('gives null for null', async () => {
    const names = Object.keys(fields);
    await writeUnchecked('null', Object.fromEntries(names.map((name) => [name, null])));
    expect(await read('null')).toEqual({ thing: { _id: 'null', ...nothing, count: null } });
  });
});
