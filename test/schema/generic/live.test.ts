import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, openApi } from '../api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const write = (collection: string, ...documents: readonly unknown[]) =>
  api.run('mutation ($c: String!, $d: [JSON!]!) { upsertMany(collection: $c, documents: $d) { documents { _id } } }', {
    c: collection,
    d: documents,
  });
const remove = (collection: string, id: string) =>
  api.run('mutation ($c: String!, $id: ID!) { remove(collection: $c, id: $id) { ids } }', { c: collection, id });
const evict = (collection: string, id: string) =>
  api.run('mutation ($c: String!, $id: ID!) { evict(collection: $c, id: $id) { ids } }', { c: collection, id });

const live = (collection: string, args = '') => `subscription {
  documents(collection: "${collection}" ${args}) {
    initial merged nodes { _id } inserted { index node { value } } updated { index node { value } }
    removed { index _id reason } moved { _id from to }
  }
}`;
const quiet = { initial: false, merged: 1, inserted: [], updated: [], removed: [], moved: [] };
const nodes = (...ids: readonly string[]) => ids.map((_id) => ({ _id }));

describe('a live query', () => {
  it('begins with the whole result as insertions, then tells each transaction', async () => {
    await write('cars', { _id: 'b', n: 2 });
    await using cars = await api.subscribe(live('cars', 'orderBy: [{ path: "n" }]'));
    expect(await cars.next()).toEqual({
      documents: {
        ...quiet,
        initial: true,
        nodes: nodes('b'),
        inserted: [{ index: 0, node: { value: { _id: 'b', n: 2 } } }],
      },
    });

    await write('cars', { _id: 'a', n: 1 }, { _id: 'c', n: 3 });
    expect(await cars.next()).toEqual({
      documents: {
        ...quiet,
        nodes: nodes('a', 'b', 'c'),
        inserted: [
          { index: 0, node: { value: { _id: 'a', n: 1 } } },
          { index: 2, node: { value: { _id: 'c', n: 3 } } },
        ],
      },
    });

    await write('cars', { _id: 'a', n: 9 });
    expect(await cars.next()).toEqual({
      documents: {
        ...quiet,
        nodes: nodes('b', 'c', 'a'),
        updated: [{ index: 2, node: { value: { _id: 'a', n: 9 } } }],
        moved: [{ _id: 'a', from: 0, to: 2 }],
      },
    });

    await remove('cars', 'c');
    expect(await cars.next()).toEqual({
      documents: { ...quiet, nodes: nodes('b', 'a'), removed: [{ index: 1, _id: 'c', reason: 'REMOVED' }] },
    });

    await evict('cars', 'b');
    expect(await cars.next()).toEqual({
      documents: { ...quiet, nodes: nodes('a'), removed: [{ index: 0, _id: 'b', reason: 'EVICTED' }] },
    });
  });

  it('keeps to its filter and its limit', async () => {
    await write('few', { _id: 'a', n: 1 }, { _id: 'b', n: 2 }, { _id: 'c', n: 3 }, { _id: 'z', n: 100 });
    await using few = await api.subscribe(
      live('few', 'where: { path: "n", lt: 10 }, orderBy: [{ path: "n" }], first: 2'),
    );
    expect(await few.next()).toMatchObject({ documents: { nodes: nodes('a', 'b') } });

    await write('few', { _id: 'a', n: 50 });
    expect(await few.next()).toEqual({
      documents: {
        ...quiet,
        nodes: nodes('b', 'c'),
        removed: [{ index: 0, _id: 'a', reason: 'LEFT_RESULT' }],
        inserted: [{ index: 1, node: { value: { _id: 'c', n: 3 } } }],
      },
    });
    await write('few', { _id: 'z', n: 0 });
    expect(await few.next()).toMatchObject({
      documents: { nodes: nodes('z', 'b'), removed: [{ index: 1, _id: 'c', reason: 'LEFT_RESULT' }] },
    });
  });

  it('is empty, and still begins, where nothing matches', async () => {
    await using none = await api.subscribe(live('none'));
    expect(await none.next()).toEqual({ documents: { ...quiet, initial: true, nodes: [] } });
  });

  it('is refused where `after` is no token', async () => {
    const query = 'subscription { documents(collection: "cars", after: "nonsense") { token } }';
    expect(await api.refused(query)).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'after' });
  });

  it.each([
    ['documents(collection: "") { token }', 'collection'],
    ['documents(collection: "__attachments") { token }', 'collection'],
    ['documents(collection: "a", first: -1) { token }', 'first'],
    ['documents(collection: "a", where: { eq: 1 }) { token }', 'where.path'],
    ['documents(collection: "a", orderBy: [{ path: "[" }]) { token }', 'orderBy.0.path'],
    ['document(collection: "a", id: "") { token }', 'id'],
    ['document(collection: "a", id: "a", after: "x") { token }', 'after'],
    ['transactions(collections: ["a", ""]) { token }', 'collections.1'],
    ['transactions(after: "x") { token }', 'after'],
  ])('is refused where an argument is bad: %s', async (field, argument) => {
    expect(await api.refused(`subscription { ${field} }`)).toMatchObject({ code: 'BAD_USER_INPUT', argument });
  });
});

describe('a live document', () => {
  it('is null until it exists, and once it is removed', async () => {
    await using one = await api.subscribe(
      'subscription { document(collection: "one", id: "a") { initial merged document { value } token } }',
    );
    const event = (initial: boolean, value: unknown) => ({
      document: { initial, merged: 1, document: value && { value }, token: expect.any(String) },
    });
    expect(await one.next()).toEqual(event(true, null));
    await write('one', { _id: 'b' });
    await write('one', { _id: 'a', n: 1 });
    expect(await one.next()).toEqual(event(false, { _id: 'a', n: 1 }));
    await write('one', { _id: 'a', n: 2 });
    expect(await one.next()).toEqual(event(false, { _id: 'a', n: 2 }));
    await remove('one', 'a');
    expect(await one.next()).toEqual(event(false, null));
  });
});
