import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, openApi, textAt } from '../api.ts';

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

const live = `subscription ($c: String!, $after: CausalToken) {
  documents(collection: $c, orderBy: [{ path: "n" }], first: 2, after: $after) {
    initial merged nodes { _id } inserted { index node { _id } } updated { index node { _id } }
    removed { index _id reason } moved { _id from to } token
  }
}`;
const one = `subscription ($c: String!, $after: CausalToken) {
  document(collection: $c, id: "a", after: $after) { initial merged document { value } token }
}`;

/** The token of the first event of somebody who then leaves. */
async function seen(subscription: string, c: string): Promise<string> {
  await using reader = await api.subscribe(subscription, { c });
  return textAt(await reader.next(), `${subscription === one ? 'document' : 'documents'}.token`);
}
const nothing = { inserted: [], updated: [], removed: [], moved: [] };

describe('a subscriber that comes back with its last token', () => {
  it('L36: is told at once what changed, as one event, and then what changes', async () => {
    await write('cars', { _id: 'a', n: 1 }, { _id: 'b', n: 2 }, { _id: 'c', n: 3 });
    const after = await seen(live, 'cars');
    await write('cars', { _id: 'd', n: 0 });
    await remove('cars', 'a');
    await write('others', { _id: 'a' });
    await using back = await api.subscribe(live, { c: 'cars', after });
    expect(await back.next()).toMatchObject({
      documents: {
        ...nothing,
        initial: false,
        merged: 1,
        nodes: [{ _id: 'd' }, { _id: 'b' }],
        inserted: [{ index: 0, node: { _id: 'd' } }],
        removed: [{ index: 0, _id: 'a', reason: 'REMOVED' }],
      },
    });
    await write('cars', { _id: 'b', n: -1 });
    expect(await back.next()).toMatchObject({
      documents: { initial: false, updated: [{ index: 0, node: { _id: 'b' } }] },
    });
  });

  it('L36: is told an empty event where nothing changed', async () => {
    await write('quiet', { _id: 'a', n: 1 });
    const after = await seen(live, 'quiet');
    await write('noise', { _id: 'a', n: 1 });
    await using back = await api.subscribe(live, { c: 'quiet', after });
    expect(await back.next()).toMatchObject({ documents: { ...nothing, initial: false, nodes: [{ _id: 'a' }] } });
  });

  it('L36: to one document as well', async () => {
    await write('single', { _id: 'a', n: 1 });
    const after = await seen(one, 'single');
    await write('single', { _id: 'a', n: 2 });
    await using back = await api.subscribe(one, { c: 'single', after });
    expect(await back.next()).toMatchObject({ document: { initial: false, document: { value: { n: 2 } } } });
    await remove('single', 'a');
    expect(await back.next()).toMatchObject({ document: { initial: false, document: null } });
    await using gone = await api.subscribe(one, { c: 'single', after });
    expect(await gone.next()).toMatchObject({ document: { initial: false, document: null } });
  });

  it('L37: gets the whole where its token is of another history', async () => {
    await using other = await openApi();
    await other.run('mutation { upsert(collection: "cars", document: {}) { document { _id } } }');
    const after = (await other.answer('{ collections { name } }')).extensions?.causality?.token;
    await write('whole', { _id: 'a' });
    await using back = await api.subscribe(live, { c: 'whole', after });
    expect(await back.next()).toMatchObject({ documents: { initial: true, inserted: [{ node: { _id: 'a' } }] } });
  });

  it('L37: gets the whole where documents were evicted at the replica that gave its token, and for as long as they are', async () => {
    await write('hidden', { _id: 'a', n: 1 }, { _id: 'b', n: 2 });
    const before = await seen(live, 'hidden');
    await api.run('mutation { evict(collection: "hidden", id: "a") { ids } }');
    const during = await seen(live, 'hidden');
    {
      await using back = await api.subscribe(live, { c: 'hidden', after: before });
      const removed = [{ index: 0, _id: 'a', reason: 'EVICTED' }];
      expect(await back.next()).toMatchObject({ documents: { ...nothing, initial: false, removed } });
      await using whole = await api.subscribe(live, { c: 'hidden', after: during });
      expect(await whole.next()).toMatchObject({ documents: { initial: true, nodes: [{ _id: 'b' }] } });
    }
    await write('hidden', { _id: 'a', n: 3 });
    const again = await seen(live, 'hidden');
    await using back = await api.subscribe(live, { c: 'hidden', after: again });
    expect(await back.next()).toMatchObject({ documents: { ...nothing, initial: false } });
  });
});
