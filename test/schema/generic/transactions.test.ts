import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, openApi, textAt } from '../api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const upsert = (collection: string, document: unknown) =>
  api.run('mutation ($c: String!, $d: JSON!) { upsert(collection: $c, document: $d) { document { _id } } }', {
    c: collection,
    d: document,
  });

const subscription = `subscription ($collections: [String!], $after: CausalToken) {
  transactions(collections: $collections, after: $after) {
    replica log position committedAt token changes { collection _id kind paths document { value } }
  }
}`;

describe('transactions', () => {
  it('tell what each wrote', async () => {
    await using all = await api.subscribe(subscription);
    await upsert('cars', { _id: 'a', make: 'Audi', engine: { power: 1 } });
    await api.run(`mutation {
      update(collection: "cars", id: "a", operations: [{ set: { path: "engine.power", value: 2 } }, { remove: { path: "make" } }]) {
        document { _id }
      }
      upsert(collection: "bikes", document: { _id: "b" }) { document { _id } }
    }`);
    await api.run('mutation { remove(collection: "cars", id: "a") { ids } }');

    const { id } = api.replica;
    const [entry] = api.replica.status.version;
    const event = (changes: readonly unknown[]) => ({
      transactions: {
        replica: id,
        log: entry?.log,
        position: expect.any(Number),
        committedAt: expect.stringMatching(/Z$/),
        token: expect.any(String),
        changes,
      },
    });
    expect(await all.next()).toEqual(
      event([
        {
          collection: 'cars',
          _id: 'a',
          kind: 'UPSERTED',
          paths: ['make', 'engine.power'],
          document: { value: { _id: 'a', make: 'Audi', engine: { power: 1 } } },
        },
      ]),
    );
    expect(await all.next()).toEqual(
      event([
        {
          collection: 'cars',
          _id: 'a',
          kind: 'UPSERTED',
          paths: ['engine.power', 'make'],
          document: { value: { _id: 'a', engine: { power: 2 } } },
        },
        {
          collection: 'bikes',
          _id: 'b',
          kind: 'UPSERTED',
          paths: [],
          document: { value: { _id: 'b' } },
        },
      ]),
    );
    expect(await all.next()).toMatchObject(
      event([{ collection: 'cars', _id: 'a', kind: 'REMOVED', paths: [], document: null }]),
    );
  });

  it('name what was written: neither the maps made on the way there, nor the root, which has no keypath', async () => {
    await using all = await api.subscribe(subscription, { collections: ['written'] });
    await upsert('written', { _id: 'a', empty: {}, list: [1], map: { 'x.y': { z: 1 } } });
    expect(await all.next()).toMatchObject({
      transactions: { changes: [{ paths: ['empty', 'list', 'map["x.y"].z'] }] },
    });
    await api.run(`mutation {
      update(collection: "written", id: "a", operations: [
        { set: { path: "map", value: { w: 1 } } }, { increment: { path: "made.on.the.way" } }, { set: { path: "list", value: 1 } }
      ]) { document { _id } }
    }`);
    expect(await all.next()).toMatchObject({
      transactions: { changes: [{ paths: ['map', 'map.w', 'made.on.the.way', 'list'] }] },
    });
  });

  it('tell only of the named collections, and never of the system', async () => {
    await using bikes = await api.subscribe(subscription, { collections: ['bikes', 'boats'] });
    await using all = await api.subscribe(subscription, { collections: [] });
    await upsert('cars', { _id: 'c' });
    await api.run('mutation ($file: File!) { uploadAttachment(file: $file) { id } }', { file: await api.file('x') });
    await upsert('bikes', { _id: 'd' });
    expect(await bikes.next()).toMatchObject({ transactions: { changes: [{ collection: 'bikes', _id: 'd' }] } });
    expect(await all.next()).toMatchObject({ transactions: { changes: [{ collection: 'cars', _id: 'c' }] } });
    expect(await all.next()).toMatchObject({ transactions: { changes: [{ collection: 'bikes', _id: 'd' }] } });
  });

  it('go on from a token, in order', async () => {
    let token = '';
    {
      await using first = await api.subscribe(subscription);
      await upsert('resumed', { _id: 'a', n: 0 });
      token = textAt(await first.next(), 'transactions.token');
    }
    await upsert('resumed', { _id: 'a', n: 1 });
    await upsert('resumed', { _id: 'b', n: 2 });
    await using second = await api.subscribe(subscription, { after: token });
    expect(await second.next()).toMatchObject({ transactions: { changes: [{ _id: 'a' }] } });
    expect(await second.next()).toMatchObject({ transactions: { changes: [{ _id: 'b' }] } });
    await upsert('resumed', { _id: 'c', n: 3 });
    expect(await second.next()).toMatchObject({ transactions: { changes: [{ _id: 'c' }] } });
  });

  it('say, when resumed, what each did then, with the documents of now', async () => {
    let token = '';
    {
      await using first = await api.subscribe(subscription);
      await upsert('done', { _id: 'a' });
      token = textAt(await first.next(), 'transactions.token');
    }
    await upsert('done', { _id: 'gone', n: 1 });
    await api.run('mutation { remove(collection: "done", id: "gone") { ids } }');
    await api.run('mutation { remove(collection: "done", id: "a") { ids } }');
    await upsert('done', { _id: 'a', back: true });
    await using resumed = await api.subscribe(subscription, { after: token });
    const a = { value: { _id: 'a', back: true } };
    for (const change of [
      { _id: 'gone', kind: 'UPSERTED', document: null },
      { _id: 'gone', kind: 'REMOVED', document: null },
      { _id: 'a', kind: 'REMOVED', document: a },
      { _id: 'a', kind: 'UPSERTED', document: a },
    ]) {
      expect(await resumed.next()).toMatchObject({ transactions: { changes: [change] } });
    }
  });

  it('of another history cannot be gone on from', async () => {
    await using other = await openApi();
    const answer = await other.answer('mutation { upsert(collection: "a", document: {}) { document { _id } } }');
    const after = answer.extensions?.causality?.token;
    expect(await api.refused(subscription, { after })).toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
  });
});
