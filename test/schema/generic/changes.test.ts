import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, idsAt, openApi, textAt } from '../api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const changes = `query ($c: String!, $where: Filter, $after: CausalToken, $first: Int) {
  changes(collection: $c, where: $where, after: $after, first: $first) {
    initial documents { _id value } removed { id _id collection } hasMore token
  }
}`;
const write = (collection: string, ...documents: readonly unknown[]) =>
  api.run('mutation ($c: String!, $d: [JSON!]!) { upsertMany(collection: $c, documents: $d) { documents { id } } }', {
    c: collection,
    d: documents,
  });
const remove = (collection: string, id: string) =>
  api.run('mutation ($c: String!, $id: ID!) { remove(collection: $c, id: $id) { deletedIds } }', { c: collection, id });
const tokenOf = (page: unknown) => textAt(page, 'changes.token');

describe('changes', () => {
  it('L51: are told page by page, also within a transaction, and from the last token on what is new', async () => {
    await write('cars', { _id: 'a', n: 1 }, { _id: 'b', n: 2 }, { _id: 'c', n: 3 });
    const first = await api.run(changes, { c: 'cars', first: 2 });
    expect(first).toMatchObject({ changes: { initial: true, removed: [], hasMore: true } });
    expect(idsAt(first, 'changes.documents')).toBe('ab');
    await write('cars', { _id: 'a', n: 9 });
    const second = await api.run(changes, { c: 'cars', first: 2, after: tokenOf(first) });
    expect(second).toMatchObject({ changes: { initial: false, removed: [], hasMore: false } });
    expect(idsAt(second, 'changes.documents')).toBe('ca');

    const removed = textAt(await remove('cars', 'b'), 'remove.deletedIds.0');
    const third = await api.run(changes, { c: 'cars', after: tokenOf(second) });
    expect(third).toMatchObject({
      changes: {
        initial: false,
        documents: [],
        removed: [{ id: removed, _id: 'b', collection: 'cars' }],
        hasMore: false,
      },
    });
    const fourth = await api.run(changes, { c: 'cars', after: tokenOf(third) });
    expect(fourth).toMatchObject({ changes: { initial: false, documents: [], removed: [], hasMore: false } });
  });

  it('L51: name what matches no more among the removed, and nothing that a new client cannot have', async () => {
    await write('pets', { _id: 'a', n: 1 }, { _id: 'b', n: 2 });
    const where = { path: 'n', gt: 1 };
    const first = await api.run(changes, { c: 'pets', where });
    expect(first).toMatchObject({ changes: { documents: [{ _id: 'b' }], removed: [] } });
    await write('pets', { _id: 'b', n: 0 }, { _id: 'a', n: 5 });
    const second = await api.run(changes, { c: 'pets', where, after: tokenOf(first) });
    expect(second).toMatchObject({ changes: { initial: false, documents: [{ _id: 'a' }], removed: [{ _id: 'b' }] } });
  });

  it('L37, L51: a token of a part begins a live query anew, and no stream of transactions', async () => {
    await write('parts', { _id: 'a' }, { _id: 'b' });
    const after = tokenOf(await api.run(changes, { c: 'parts', first: 1 }));
    const live = 'subscription ($after: CausalToken) { documents(collection: "parts", after: $after) { initial } }';
    await using documents = await api.subscribe(live, { after });
    expect(await documents.next()).toEqual({ documents: { initial: true } });
    const stream = 'subscription ($after: CausalToken) { transactions(after: $after) { position } }';
    await using transactions = await api.subscribe(stream, { after });
    await expect(transactions.next()).rejects.toThrow('the log does not reach back to the token');
  });

  it('L53: tell all anew to who has a token of another log, and refuse what is no token, or no size of a page', async () => {
    await write('houses', { _id: 'a' });
    const foreign = Buffer.from('1 another 5 00112233').toString('base64url');
    expect(await api.run(changes, { c: 'houses', after: foreign })).toMatchObject({
      changes: { initial: true, documents: [{ _id: 'a' }] },
    });
    expect(await api.refused(changes, { c: 'houses', after: 'nonsense' })).toMatchObject({ argument: 'after' });
    for (const first of [-1, 10_001])
      expect(await api.refused(changes, { c: 'houses', first })).toMatchObject({ argument: 'first' });
    expect(await api.refused(changes, { c: '__files' })).toMatchObject({ argument: 'collection' });
  });
});
