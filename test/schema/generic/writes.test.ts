import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, openApi, textAt } from '../api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const upsert = (collection: string, document: unknown, strategy = 'MERGE') =>
  api.run(
    `mutation ($collection: String!, $document: JSON!, $strategy: WriteStrategy!) {
      upsert(collection: $collection, document: $document, strategy: $strategy) { document { _id value } }
    }`,
    { collection, document, strategy },
  );

const value = async (collection: string, id: string) => {
  const query = 'query ($collection: String!, $id: ID!) { document(collection: $collection, id: $id) { value } }';
  const data = await api.run(query, { collection, id });
  return data;
};
const holds = (value: unknown) => ({ document: { value } });

const updateMutation = `mutation ($id: ID!, $operations: [UpdateOperation!]!) {
  update(collection: "updates", id: $id, operations: $operations) { document { value } }
}`;
const update = (id: string, ...operations: readonly unknown[]) => api.run(updateMutation, { id, operations });

describe('upsert', () => {
  it('creates, then merges nested objects', async () => {
    expect(await upsert('merge', { _id: 'a', name: 'A', at: { x: 1 } })).toEqual({
      upsert: { document: { _id: 'a', value: { _id: 'a', name: 'A', at: { x: 1 } } } },
    });
    await upsert('merge', { _id: 'a', at: { y: [2] }, gone: null });
    expect(await value('merge', 'a')).toEqual(holds({ _id: 'a', name: 'A', at: { x: 1, y: [2] }, gone: null }));
  });

  it('makes an id where there is none', async () => {
    const id = textAt(await upsert('made', { a: 1 }), 'upsert.document._id');
    expect(id.length).toBeGreaterThan(9);
    expect(await value('made', id)).toEqual(holds({ _id: id, a: 1 }));
    expect(textAt(await upsert('made', {}), 'upsert.document._id')).not.toBe(id);
  });

  it('takes its document as a literal, variables in it', async () => {
    const data = await api.run(
      `mutation ($name: String, $tags: [String], $nothing: Int) {
        upsert(collection: "literals", document: {
          _id: "a", name: $name, tags: $tags, n: -5, f: 1.5, yes: true, no: null, in: { list: [$name, $nothing, 1e3] }, absent: $nothing
        }) { document { value } }
      }`,
      { name: 'A', tags: ['x'] },
    );
    const list = ['A', null, 1000];
    expect(data).toEqual({
      upsert: {
        document: { value: { _id: 'a', name: 'A', tags: ['x'], n: -5, f: 1.5, yes: true, no: null, in: { list } } },
      },
    });
  });

  it('keeps integers of 64 bits, and the values of JSON to the last bit', async () => {
    const document = {
      _id: 'a',
      big: { $int64: '-9223372036854775808' },
      bigger: { $uint64: '18446744073709551615' },
      small: { $int64: '5' },
      float: 5e-324,
      text: 'ü\u0000😀',
      empty: {},
      list: [[], {}, null],
      photo: { $attachment: 'attachment_x' },
      'odd key.': { $two: 1, $keys: 2 },
    };
    await upsert('exact', document);
    expect(await value('exact', 'a')).toEqual(holds({ ...document, small: 5 }));
  });

  it('follows its strategy', async () => {
    await upsert('strategies', { _id: 'a', n: 1 });
    await upsert('strategies', { _id: 'a', n: 2 }, 'INSERT_IF_ABSENT');
    await upsert('strategies', { _id: 'a', n: 3 }, 'INSERT_DEFAULT_IF_ABSENT');
    expect(await value('strategies', 'a')).toEqual(holds({ _id: 'a', n: 1 }));
    await upsert('strategies', { _id: 'a', n: 1, m: 2 }, 'UPDATE_DIFFERENT');
    expect(await value('strategies', 'a')).toEqual(holds({ _id: 'a', n: 1, m: 2 }));

    await upsert('strategies', { _id: 'b', n: 1 }, 'INSERT_DEFAULT_IF_ABSENT');
    expect(await api.run('{ document(collection: "strategies", id: "b") { value updatedAt } }')).toEqual({
      document: { value: { _id: 'b', n: 1 }, updatedAt: '1970-01-01T00:00:00.000Z' },
    });
  });
});

describe('upsertMany', () => {
  it('writes all documents, in order, or none', async () => {
    const mutation = `mutation ($documents: [JSON!]!) {
      upsertMany(collection: "many", documents: $documents) { documents { _id value } }
    }`;
    expect(await api.run(mutation, { documents: [{ _id: 'b' }, { _id: 'a', n: 1 }, { _id: 'a', m: 2 }] })).toEqual({
      upsertMany: {
        documents: [
          { _id: 'b', value: { _id: 'b' } },
          { _id: 'a', value: { _id: 'a', n: 1 } },
          { _id: 'a', value: { _id: 'a', n: 1, m: 2 } },
        ],
      },
    });
    expect(await api.refused(mutation, { documents: [{ _id: 'c' }, { _id: '' }] })).toMatchObject({
      code: 'BAD_USER_INPUT',
      argument: 'documents.1._id',
    });
    expect(await value('many', 'c')).toEqual({ document: null });
  });

  it('says in which document a type does not match', async () => {
    await upsert('many', { _id: 'counted' });
    await api.run(
      'mutation { update(collection: "many", id: "counted", operations: [{ increment: { path: "n" } }]) { document { _id } } }',
    );
    const mutation =
      'mutation ($documents: [JSON!]!) { upsertMany(collection: "many", documents: $documents) { documents { _id } } }';
    const refused = await api.refused(mutation, { documents: [{ _id: 'fine' }, { _id: 'counted', n: 5 }] });
    expect(refused.code).toBe('TYPE_MISMATCH');
    expect(refused.message).toMatch(/^documents\.1\.n: .*increment/);
  });
});

describe('update', () => {
  it('runs its operations in order', async () => {
    await upsert('updates', { _id: 'a', name: 'A', at: { x: 1 }, n: 5 });
    expect(
      await update(
        'a',
        { set: { path: 'at.y', value: { z: 1 } } },
        { remove: { path: 'at.x' } },
        { set: { path: 'name', value: null } },
        { increment: { path: 'count' } },
        { increment: { path: 'count', by: -2.5 } },
        { replaceWithCounter: { path: 'n' } },
        { increment: { path: 'n', by: 2 } },
        { set: { path: '["x.y"]', value: { a: 1 }, as: 'REGISTER' } },
        { remove: { path: 'nowhere' } },
      ),
    ).toEqual({
      update: {
        document: {
          value: { _id: 'a', name: null, at: { y: { z: 1 } }, count: -1.5, n: 7, 'x.y': { a: 1 } },
        },
      },
    });
  });

  it('replaces a whole map by set', async () => {
    await upsert('updates', { _id: 'b', at: { x: 1, y: 2 } });
    expect(await update('b', { set: { path: 'at', value: { z: 3 } } })).toEqual({
      update: { document: { value: { _id: 'b', at: { z: 3 } } } },
    });
  });

  it('without operations gives the document as it is', async () => {
    await upsert('updates', { _id: 'c', n: 1 });
    expect(await update('c')).toEqual({ update: { document: { value: { _id: 'c', n: 1 } } } });
  });

  it('is refused for a document that is not there', async () => {
    const refused = await api.refused(updateMutation, { id: 'nobody', operations: [{ set: { path: 'a', value: 1 } }] });
    expect(refused.code).toBe('DOCUMENT_NOT_FOUND');
  });

  it('is refused where the type does not match, and changes nothing', async () => {
    await upsert('updates', { _id: 'd', name: 'D' });
    const operations = [{ set: { path: 'x', value: 1 } }, { increment: { path: 'name' } }];
    expect((await api.refused(updateMutation, { id: 'd', operations })).code).toBe('TYPE_MISMATCH');
    expect(await value('updates', 'd')).toEqual(holds({ _id: 'd', name: 'D' }));
  });
});

describe('many documents by a filter', () => {
  beforeAll(async () => {
    for (const id of ['d', 'b', 'c', 'a']) await upsert('filtered', { _id: id, n: id < 'c' ? 1 : 2 });
  });

  it('are updated', async () => {
    expect(
      await api.run(`mutation {
        updateMany(collection: "filtered", where: { path: "n", eq: 1 }, operations: [{ set: { path: "m", value: 1 } }]) {
          documents { value }
        }
      }`),
    ).toEqual({
      updateMany: { documents: [{ value: { _id: 'a', n: 1, m: 1 } }, { value: { _id: 'b', n: 1, m: 1 } }] },
    });
  });

  it('are evicted, and come back when they are written to', async () => {
    expect(
      await api.run('mutation { evictMany(collection: "filtered", where: { path: "_id", eq: "d" }) { ids } }'),
    ).toEqual({
      evictMany: { ids: ['d'] },
    });
    expect(await value('filtered', 'd')).toEqual({ document: null });
    await upsert('filtered', { _id: 'd', back: true });
    expect(await value('filtered', 'd')).toEqual(holds({ _id: 'd', n: 2, back: true }));
  });

  it('are removed', async () => {
    expect(
      await api.run('mutation { removeMany(collection: "filtered", where: { path: "n", eq: 2 }) { ids } }'),
    ).toEqual({
      removeMany: { ids: ['c', 'd'] },
    });
    expect(await api.run('{ documents(collection: "filtered") { totalCount } }')).toEqual({
      documents: { totalCount: 2 },
    });
  });
});

describe('remove and evict', () => {
  it('give the ids that were there', async () => {
    await upsert('gone', { _id: 'a' });
    await upsert('gone', { _id: 'b' });
    expect(await api.run('mutation { remove(collection: "gone", id: "a") { ids } }')).toEqual({
      remove: { ids: ['a'] },
    });
    expect(await api.run('mutation { remove(collection: "gone", id: "a") { ids } }')).toEqual({ remove: { ids: [] } });
    expect(await api.run('mutation { evict(collection: "gone", id: "b") { ids } }')).toEqual({ evict: { ids: ['b'] } });
    expect(await api.run('mutation { evict(collection: "gone", id: "b") { ids } }')).toEqual({ evict: { ids: [] } });
    expect(await api.run('{ documents(collection: "gone") { totalCount } }')).toEqual({ documents: { totalCount: 0 } });
  });
});

describe('one mutation operation', () => {
  it('is one transaction: each field sees those before it', async () => {
    expect(
      await api.run(`mutation {
        a: upsert(collection: "tx", document: { _id: "a", n: 1 }) { document { value } }
        b: updateMany(collection: "tx", where: { path: "n", eq: 1 }, operations: [{ set: { path: "n", value: 2 } }]) {
          documents { value }
        }
        c: update(collection: "tx", id: "a", operations: [{ set: { path: "m", value: 3 } }]) { document { value } }
      }`),
    ).toEqual({
      a: { document: { value: { _id: 'a', n: 1 } } },
      b: { documents: [{ value: { _id: 'a', n: 2 } }] },
      c: { document: { value: { _id: 'a', n: 2, m: 3 } } },
    });
  });

  it('is dropped whole where one field fails', async () => {
    const refused = await api.refused(`mutation {
      upsert(collection: "tx", document: { _id: "z" }) { document { _id } }
      update(collection: "tx", id: "nobody", operations: []) { document { _id } }
    }`);
    expect(refused.code).toBe('DOCUMENT_NOT_FOUND');
    expect(await value('tx', 'z')).toEqual({ document: null });
  });

  it('cannot remove and upsert one document', async () => {
    await upsert('tx', { _id: 'both' });
    const refused = await api.refused(`mutation {
      remove(collection: "tx", id: "both") { ids }
      upsert(collection: "tx", document: { _id: "both" }) { document { _id } }
    }`);
    expect(refused.code).toBe('TRANSACTION_CONFLICT');
  });

  it('answers with a token that shows what it wrote', async () => {
    const answer = await api.answer(
      'mutation { upsert(collection: "tx", document: { _id: "t" }) { document { _id } } }',
    );
    const token = answer.extensions?.causality?.token;
    expect(token).toEqual(expect.any(String));
  });
});
