import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, openApi, textAt } from '../api.ts';

let api: Api;
let attachment: string;
beforeAll(async () => {
  api = await openApi();
  const uploaded = await api.run('mutation ($file: File!) { uploadAttachment(file: $file) { id } }', {
    file: await api.file('x'),
  });
  attachment = textAt(uploaded, 'uploadAttachment.id');
  await api.run('mutation { upsert(collection: "counters", document: { _id: "a" }) { document { _id } } }');
});
afterAll(() => api[Symbol.asyncDispose]());

describe('mutations at the same time', () => {
  it('each answer what stood when they were committed', async () => {
    // `base64` is awaited, so that the others commit between this one's first run and its commit.
    const mutation = `mutation ($attachment: ID!) {
      fetchAttachment(id: $attachment) { attachment { base64 } }
      update(collection: "counters", id: "a", operations: [{ increment: { path: "n" } }]) { document { at(path: "n") } }
      updateMany(collection: "counters", where: { path: "n", gte: 1 }, operations: [{ increment: { path: "m" } }]) {
        documents { at(path: "m") }
      }
    }`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.run(mutation, { attachment })));

    const counts = answers.map((answer) =>
      JSON.stringify(answer)
        .match(/"at":\d+/g)
        ?.join(),
    );
    const expected = Array.from({ length: 20 }, (_, index) => `"at":${index + 1},"at":${index + 1}`);
    expect([...counts].sort()).toEqual([...expected].sort());
    expect(await api.run('{ document(collection: "counters", id: "a") { value } }')).toEqual({
      document: { value: { _id: 'a', n: 20, m: 20 } },
    });
  });

  it('that can no longer be done are refused, and nothing of them is written', async () => {
    await api.run('mutation { upsert(collection: "counters", document: { _id: "gone" }) { document { _id } } }');
    const slow = api.answer(
      `mutation ($attachment: ID!) {
        upsert(collection: "counters", document: { _id: "beside" }) { document { _id } }
        update(collection: "counters", id: "gone", operations: [{ set: { path: "n", value: 1 } }]) { document { _id } }
        fetchAttachment(id: $attachment) { attachment { base64 } }
      }`,
      { attachment },
    );
    const removed = api.run('mutation { remove(collection: "counters", id: "gone") { ids } }');
    expect(await removed).toEqual({ remove: { ids: ['gone'] } });
    expect((await slow).errors?.[0]?.extensions.code).toBe('TRANSACTION_CONFLICT');
    expect(await api.run('{ document(collection: "counters", id: "beside") { _id } }')).toEqual({ document: null });
  });
});
