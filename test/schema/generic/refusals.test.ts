import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { type Api, openApi } from '../api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
  await api.run('mutation { upsert(collection: "a", document: { _id: "a", n: 1 }) { document { _id } } }');
});
afterAll(() => api[Symbol.asyncDispose]());

const upsert = 'mutation ($c: String! = "a", $d: JSON!) { upsert(collection: $c, document: $d) { document { _id } } }';
const find = `query ($c: String! = "a", $w: Filter, $o: [Order!], $f: Int, $l: Int, $a: String) {
  documents(collection: $c, where: $w, orderBy: $o, first: $f, last: $l, after: $a) { totalCount }
}`;
const update =
  'mutation ($id: ID! = "a", $o: [UpdateOperation!]!) { update(collection: "a", id: $id, operations: $o) { document { _id } } }';

const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
const nestedFilter = (levels: number): unknown =>
  levels === 1 ? { path: 'a', eq: 1 } : { not: nestedFilter(levels - 1) };

describe('bad input is refused, and the argument is named', () => {
  it.each([
    ['', 'collection'],
    ['c'.repeat(101), 'collection'],
    ['a\nb', 'collection'],
    ['__attachments', 'collection'],
    ['\ud800', 'collection'],
  ])('a collection %j', async (c, argument) => {
    for (const refused of [api.refused(find, { c }), api.refused(upsert, { c, d: {} })]) {
      expect(await refused).toMatchObject({ code: 'BAD_USER_INPUT', argument });
    }
  });

  it('and a collection of 100 characters, however many bytes they have, is none', async () => {
    await api.run(upsert, { c: '😀'.repeat(100), d: {} });
  });

  it.each([
    [5, 'document'],
    ['x', 'document'],
    [[], 'document'],
    [{ $attachment: 'x' }, 'document'],
    [{ $unknown: 1 }, 'document'],
    [{ _id: '' }, 'document._id'],
    [{ _id: 5 }, 'document._id'],
    [{ _id: null }, 'document._id'],
    [{ _id: { a: 1 } }, 'document._id'],
    [{ _id: 'é'.repeat(129) }, 'document._id'],
    [{ a: { b: Number.POSITIVE_INFINITY } }, 'document.a.b'],
    [{ a: [0, { $int64: 'x' }] }, 'document.a.1.$int64'],
    [{ a: { $other: 1 } }, 'document.a'],
    [{ 'a.b': { c: '\ud800' } }, 'document["a.b"].c'],
    [JSON.parse('{"a": {"__proto__": 1}}'), 'document.a'],
  ])('a document %j', async (d, argument) => {
    expect(await api.refused(upsert, { d })).toMatchObject({ code: 'BAD_USER_INPUT', argument });
  });

  it('a number as an id, with the remedy', async () => {
    expect((await api.refused(upsert, { d: { _id: 5 } })).message).toContain('"5"');
  });

  it('a document that is nested too deep', async () => {
    await api.run(upsert, { d: nested(limits.documentDepth) });
    const refused = await api.refused(upsert, { d: nested(limits.documentDepth + 1) });
    expect(refused.code).toBe('BAD_USER_INPUT');
    expect(refused.argument).toContain('document.a.a.a');
  });

  it('a document that is too large', async () => {
    const d = { text: 'x'.repeat(limits.documentBytes) };
    const refused = await api.refused(upsert, { d });
    expect(refused.code).toBe('PAYLOAD_TOO_LARGE');
    expect(refused.message).toContain('document');
  });

  describe('M25: a document that takes too much memory', () => {
    const objects = (count: number) => Array.from({ length: count }, () => ({}));
    const half = objects(Math.ceil(limits.documentMemoryBytes / 2 / 190));
    const set = (path: string, value: unknown) => ({ set: { path, value } });

    it('is refused, and the argument is named', async () => {
      const refused = await api.refused(upsert, { d: { a: [...half, ...half, {}] } });
      expect(refused.code).toBe('PAYLOAD_TOO_LARGE');
      expect(refused.message).toMatch(
        /^document, in memory, may have at most \d+ bytes: .*Split it into several documents/,
      );
    });

    it('is refused as a part of an update', async () => {
      const refused = await api.refused(update, { o: [set('tags', [...half, ...half, {}])] });
      expect(refused.code).toBe('PAYLOAD_TOO_LARGE');
      expect(refused.message).toMatch(/^operations\.0\.set\.value, in memory, may have/);
    });

    it('is not what updates make of it, one after the other', async () => {
      await api.run(upsert, { d: { _id: 'growing', a: half } });
      const refused = await api.refused(update, { id: 'growing', o: [set('b', half)] });
      expect(refused.code).toBe('PAYLOAD_TOO_LARGE');
      expect(refused.message).toContain('document "growing" of collection "a", in memory, has');
      await api.run(update, { id: 'growing', o: [set('a', []), set('b', half)] });
    });

    it('nor as text', async () => {
      const text = 'ä'.repeat(limits.documentBytes / 4);
      await api.run(upsert, { d: { _id: 'long', a: text } });
      const refused = await api.refused(update, { id: 'long', o: [set('b', `${text}b`)] });
      expect(refused.code).toBe('PAYLOAD_TOO_LARGE');
      expect(refused.message).toContain('the text in document "long" of collection "a" has');
    });
  });

  it('too many documents', async () => {
    const mutation = 'mutation ($d: [JSON!]!) { upsertMany(collection: "a", documents: $d) { documents { _id } } }';
    const d = Array.from({ length: limits.documentsPerRequest + 1 }, () => ({}));
    expect(await api.refused(mutation, { d })).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'documents' });
    expect(await api.refused(mutation, { d: [{}, { a: { __proto: 1, b: '\ud800' } }] })).toMatchObject({
      argument: 'documents.1.a.b',
    });
  });

  it.each([
    [{ eq: 1 }, 'where.path'],
    [{ path: 'a' }, 'where.path'],
    [{ path: null, eq: 1 }, 'where.path'],
    [{ path: 'a[', eq: 1 }, 'where.path'],
    [{ path: '', eq: 1 }, 'where.path'],
    [{ path: 'a', exists: null }, 'where.exists'],
    [{ path: 'a', in: null }, 'where.in'],
    [{ path: 'a', startsWith: null }, 'where.startsWith'],
    [{ and: null }, 'where.and'],
    [{ and: [{ path: 'a..b', eq: 1 }] }, 'where.and.0.path'],
    [{ or: [{ path: 'a', eq: 1 }, { not: { gt: 1 } }] }, 'where.or.1.not.path'],
    [{ and: [] }, 'where.and'],
    [{ or: [] }, 'where.or'],
    [{ not: {} }, 'where.not'],
    [{ and: [{ path: 'a', eq: 1 }, {}] }, 'where.and.1'],
    [{ or: [{}, { path: 'a', eq: 1 }] }, 'where.or.0'],
    [{ not: { or: [{ and: [] }] } }, 'where.not.or.0.and'],
    [{ not: null }, 'where.not'],
    [{ path: 'a', eq: { $int64: 5 } }, 'where.eq.$int64'],
    [{ path: 'a', in: [1, '\ud800'] }, 'where.in.1'],
  ])('a filter %j', async (w, argument) => {
    expect(await api.refused(find, { w })).toMatchObject({ code: 'BAD_USER_INPUT', argument });
  });

  it('a filter of too many conditions, or too deep', async () => {
    const or = Array.from({ length: limits.filterNodes }, () => ({ path: 'a', eq: 1 }));
    expect((await api.refused(find, { w: { or } })).message).toContain(`${limits.filterNodes} conditions`);
    await api.run(find, { w: nestedFilter(limits.filterDepth) });
    expect((await api.refused(find, { w: nestedFilter(limits.filterDepth + 1) })).message).toContain('levels deep');
  });

  it('an order', async () => {
    expect(await api.refused(find, { o: [{ path: 'a' }, { path: 'b"' }] })).toMatchObject({
      argument: 'orderBy.1.path',
    });
    const o = Array.from({ length: limits.orderFields + 1 }, () => ({ path: 'a' }));
    expect(await api.refused(find, { o })).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'orderBy' });
  });

  it.each([
    [{ f: -1 }, 'first'],
    [{ f: limits.pageSize + 1 }, 'first'],
    [{ l: -1 }, 'last'],
    [{ l: limits.pageSize + 1 }, 'last'],
    [{ a: 'nonsense' }, 'after'],
    [{ a: '' }, 'after'],
  ])('a page %j', async (variables, argument) => {
    expect(await api.refused(find, variables)).toMatchObject({ code: 'BAD_USER_INPUT', argument });
  });

  it('a cursor of another order', async () => {
    const data = await api.run('{ documents(collection: "a", first: 1) { pageInfo { endCursor } } }');
    const a = JSON.stringify(data).match(/"endCursor":"([^"]+)"/)?.[1];
    expect(a).toBeDefined();
    expect(await api.refused(find, { a, o: [{ path: 'n' }] })).toMatchObject({
      code: 'BAD_USER_INPUT',
      argument: 'after',
    });
  });

  it.each([
    [{ set: { path: 'a[', value: 1 } }, 'BAD_USER_INPUT', 'operations.0.set.path'],
    [{ set: { path: '', value: 1 } }, 'BAD_USER_INPUT', 'operations.0.set.path'],
    [{ set: { path: 'a' } }, 'BAD_USER_INPUT', 'operations.0.set.value'],
    [{ set: { path: 'a', value: { b: '\ud800' } } }, 'BAD_USER_INPUT', 'operations.0.set.value.b'],
    [{ set: { path: 'a', value: 1, as: 'MAP' } }, 'BAD_USER_INPUT', 'operations.0.set.as'],
    [{ set: { path: 'a', value: null, as: 'MAP' } }, 'BAD_USER_INPUT', 'operations.0.set.as'],
    [{ set: { path: 'a.b', value: nested(limits.documentDepth - 1) } }, 'BAD_USER_INPUT', 'operations.0.set.value'],
    [{ remove: { path: 'a."' } }, 'BAD_USER_INPUT', 'operations.0.remove.path'],
    [{ increment: { path: '["' } }, 'BAD_USER_INPUT', 'operations.0.increment.path'],
    [{ replaceWithCounter: { path: '.' } }, 'BAD_USER_INPUT', 'operations.0.replaceWithCounter.path'],
    [{ setAttachment: { path: '.', attachment: 'x' } }, 'BAD_USER_INPUT', 'operations.0.setAttachment.path'],
    [{ set: { path: '_id', value: 'b' } }, 'ID_IMMUTABLE', undefined],
    [{ remove: { path: '["_id"]' } }, 'ID_IMMUTABLE', undefined],
    [{ increment: { path: '_id.x' } }, 'ID_IMMUTABLE', undefined],
    [{ setAttachment: { path: 'a', attachment: 'x' } }, 'ATTACHMENT_NOT_FOUND', undefined],
    [{ set: { path: 'a', value: 1 }, remove: { path: 'b' } }, 'BAD_USER_INPUT', 'o.0'],
    [{}, 'BAD_USER_INPUT', 'o.0'],
    [{ increment: { path: 'n', by: '1' } }, 'BAD_USER_INPUT', 'o.0.increment.by'],
  ])('an operation %j', async (operation, code, argument) => {
    expect(await api.refused(update, { o: [operation] })).toMatchObject({ code, argument });
  });

  it('a number without end in an operation, which GraphQL lets through in literals', async () => {
    const mutation = (field: string) => `mutation { ${field} }`;
    const increment = '[{ remove: { path: "x" } }, { increment: { path: "n", by: 1e999 } }]';
    for (const field of [
      `update(collection: "a", id: "a", operations: ${increment}) { document { _id } }`,
      `updateMany(collection: "a", where: {}, all: true, operations: ${increment}) { documents { _id } }`,
    ]) {
      expect(await api.refused(mutation(field))).toMatchObject({
        code: 'BAD_USER_INPUT',
        argument: 'operations.1.increment.by',
      });
    }
  });

  it('a value to set that is larger than a document may be', async () => {
    const value = 'x'.repeat(limits.documentBytes);
    const refused = await api.refused(update, { o: [{ remove: { path: 'x' } }, { set: { path: 'a', value } }] });
    expect(refused.code).toBe('PAYLOAD_TOO_LARGE');
    expect(refused.message).toContain('operations.1.set.value');
  });

  it('a keypath and an id in a query', async () => {
    const answer = await api.answer(`{
      one: document(collection: "a", id: "") { _id }
      two: document(collection: "a", id: "a") { at(path: "n[") }
    }`);
    expect(answer.errors?.map(({ path, extensions }) => ({ path, ...extensions }))).toEqual([
      { path: ['one'], code: 'BAD_USER_INPUT', argument: 'id' },
      { path: ['two', 'at'], code: 'BAD_USER_INPUT', argument: 'path' },
    ]);
  });
});
