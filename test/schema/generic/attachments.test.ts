import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { type Api, openApi, textAt } from '../api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const uploadMutation = `mutation ($file: File!, $metadata: JSON) {
  uploadAttachment(file: $file, metadata: $metadata) {
    __typename id size sha256 filename contentType metadata state url base64
  }
}`;
const upload = async (text: string, metadata?: unknown, filename?: string) =>
  api.run(uploadMutation, { file: await api.file(text, filename), metadata });

describe('attachments', () => {
  it('are uploaded, known and found', async () => {
    const uploaded = await upload('hello', { lang: 'en' }, 'a.txt');
    const id = textAt(uploaded, 'uploadAttachment.id');
    expect(id).toMatch(/^attachment_[0-9a-f]+$/);
    const shown = {
      __typename: 'Attachment',
      id,
      size: 5,
      sha256: createHash('sha256').update('hello').digest('hex'),
      filename: 'a.txt',
      contentType: 'text/plain',
      metadata: { lang: 'en' },
      state: 'LOCAL',
      url: `/attachments/${id}`,
      base64: Buffer.from('hello').toString('base64'),
    };
    expect(uploaded).toEqual({ uploadAttachment: shown });

    const query = `query ($id: ID!) {
      attachment(id: $id) { ...all }
      node(id: $id) { ...all }
    }
    fragment all on Attachment { __typename id size sha256 filename contentType metadata state url base64 }`;
    expect(await api.run(query, { id })).toEqual({ attachment: shown, node: shown });
  });

  it('are one where content, name, type and metadata are equal', async () => {
    const id = textAt(await upload('same', { a: 1, b: 2 }), 'uploadAttachment.id');
    expect(textAt(await upload('same', { b: 2, a: 1 }), 'uploadAttachment.id')).toBe(id);
    expect(textAt(await upload('same', { a: 1 }), 'uploadAttachment.id')).not.toBe(id);
    expect(textAt(await upload('same', { a: 1, b: 2 }, 'a'), 'uploadAttachment.id')).not.toBe(id);
  });

  it('have empty metadata and no name where none are given', async () => {
    expect(await upload('bare')).toMatchObject({ uploadAttachment: { filename: null, metadata: {} } });
    expect(await upload('bare', null)).toMatchObject({ uploadAttachment: { metadata: {} } });
  });

  it('stand in documents', async () => {
    const id = textAt(await upload('photo'), 'uploadAttachment.id');
    const mutation = `mutation ($id: ID!, $document: JSON!) {
      upsert(collection: "people", document: $document) { document { attachment(path: "one") { id } } }
      update(collection: "people", id: "a", operations: [{ setAttachment: { path: "two.three", attachment: $id } }]) {
        document { value attachment(path: "two.three") { id state } other: attachment(path: "two") { id } }
      }
    }`;
    const document = { _id: 'a', one: { $attachment: id } };
    expect(await api.run(mutation, { id, document })).toEqual({
      upsert: { document: { attachment: { id } } },
      update: {
        document: {
          value: { _id: 'a', one: { $attachment: id }, two: { three: { $attachment: id } } },
          attachment: { id, state: 'LOCAL' },
          other: null,
        },
      },
    });
  });

  it('are known to later fields of the operation that uploads them', async () => {
    const id = textAt(await upload('early'), 'uploadAttachment.id');
    await using other = await openApi();
    const mutation = `mutation ($file: File!, $id: ID!) {
      uploadAttachment(file: $file) { id }
      upsert(collection: "people", document: { _id: "a" }) { document { _id } }
      update(collection: "people", id: "a", operations: [{ setAttachment: { path: "photo", attachment: $id } }]) {
        document { attachment(path: "photo") { id } }
      }
    }`;
    expect(await other.run(mutation, { file: await other.file('early'), id })).toMatchObject({
      update: { document: { attachment: { id } } },
    });
  });

  it('are evicted: tokens stay, the bytes are gone', async () => {
    const id = textAt(await upload('evicted'), 'uploadAttachment.id');
    expect(await api.run('mutation ($id: ID!) { evictAttachment(id: $id) { id state base64 } }', { id })).toEqual({
      evictAttachment: { id, state: 'NONE', base64: null },
    });
    expect(
      await api.run('mutation ($id: ID!) { fetchAttachment(id: $id) { status downloaded total attachment { id } } }', {
        id,
      }),
    ).toEqual({ fetchAttachment: { status: 'UNAVAILABLE', downloaded: 0, total: 7, attachment: { id } } });
  });

  it('are fetched at once where they are here', async () => {
    const id = textAt(await upload('fetched'), 'uploadAttachment.id');
    expect(
      await api.run('mutation ($id: ID!) { fetchAttachment(id: $id) { status downloaded total } }', { id }),
    ).toEqual({
      fetchAttachment: { status: 'COMPLETED', downloaded: 7, total: 7 },
    });

    await using watch = await api.subscribe(
      'subscription ($id: ID!) { attachmentFetch(id: $id) { status attachment { id } } }',
      { id },
    );
    expect(await watch.next()).toEqual({ attachmentFetch: { status: 'COMPLETED', attachment: { id } } });
    expect(await watch.ended()).toBe(true);
  });

  it('that are not known are refused, or null', async () => {
    const id = `attachment_${'0'.repeat(64)}`;
    expect(await api.run('query ($id: ID!) { attachment(id: $id) { id } }', { id })).toEqual({ attachment: null });
    for (const mutation of ['fetchAttachment(id: $id) { status }', 'evictAttachment(id: $id) { id }']) {
      expect(await api.refused(`mutation ($id: ID!) { ${mutation} }`, { id })).toMatchObject({
        code: 'ATTACHMENT_NOT_FOUND',
      });
    }
    const subscription = 'subscription ($id: ID!) { attachmentFetch(id: $id) { status } }';
    expect(await api.refused(subscription, { id })).toMatchObject({ code: 'ATTACHMENT_NOT_FOUND' });
  });

  it.each([
    ['text', 'BAD_USER_INPUT'],
    [{ sha256: '0'.repeat(64), size: 1, contentType: 'a/b' }, 'BAD_USER_INPUT'],
    [null, 'BAD_USER_INPUT'],
  ])('cannot be forged as JSON: %j', async (file, code) => {
    expect(await api.refused(uploadMutation, { file })).toMatchObject({ code, argument: 'file' });
  });

  it('take no metadata that is too large, or no JSON', async () => {
    const metadata = 'x'.repeat(limits.attachmentMetadataBytes);
    expect(await api.refused(uploadMutation, { file: await api.file('x'), metadata })).toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
    expect(await api.refused(uploadMutation, { file: await api.file('x'), metadata: { a: '\ud800' } })).toMatchObject({
      code: 'BAD_USER_INPUT',
      argument: 'metadata.a',
    });
  });
});
