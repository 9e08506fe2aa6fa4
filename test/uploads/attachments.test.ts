import { describe, expect, it } from 'vitest';
import { BadUserInputError, PayloadTooLargeError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Json } from '../../replica/values/json.ts';
import type { ValueObject } from '../../replica/values/value.ts';
import { attachmentOf, attachmentRecord, attachmentsCollection, UploadedFile } from '../../uploads/attachments.ts';
import { type OpenReplica, openEmbedded, temporaryFolder } from '../replica/replicas.ts';
import { sha256 } from './blobs/contract.ts';

const hash = sha256(Buffer.from('x'));
const file = (name = 'x.png', type = 'image/png') => new UploadedFile(hash, 1, name, type);
const idOf = (uploaded: UploadedFile, metadata: Json) => attachmentOf(uploaded, metadata).record.id;

async function write({ replica }: OpenReplica, id: string, fields: ValueObject): Promise<void> {
  const transaction = replica.begin();
  transaction.request((writer) => writer.upsert(attachmentsCollection, id, fields, 'MERGE', () => false));
  await replica.commit(transaction);
  transaction.close();
}

function read({ replica }: OpenReplica, id: string) {
  using view = replica.read();
  return attachmentRecord(view, id);
}

describe("an attachment's id", () => {
  it('is of content, name, type and metadata, however the metadata is spelt', () => {
    const id = idOf(file(), { a: 1, b: { d: [1, 2], c: null } });

    expect(id).toMatch(/^attachment_[0-9a-f]{64}$/);
    expect(idOf(file(), { b: { c: null, d: [1, 2] }, a: 1.0 })).toBe(id);
    const others = [
      idOf(file('y.png'), { a: 1, b: { d: [1, 2], c: null } }),
      idOf(file('x.png', 'image/gif'), { a: 1, b: { d: [1, 2], c: null } }),
      idOf(new UploadedFile(sha256(Buffer.from('y')), 1, 'x.png', 'image/png'), { a: 1, b: { d: [1, 2], c: null } }),
      idOf(new UploadedFile(hash, 1, undefined, 'image/png'), { a: 1, b: { d: [1, 2], c: null } }),
      idOf(file(), { a: 1, b: { d: [2, 1], c: null } }),
      idOf(file(), {}),
    ];
    expect(new Set([id, ...others]).size).toBe(7);
    expect(idOf(file(), null)).toBe(idOf(file(), {}));
  });

  it('stays what it was: tokens hold it', () => {
    expect(idOf(file(), { a: [1, 'ü'] })).toBe(
      'attachment_c9689d91536eab5b1971f937016fed164ca40cf69512f0ea9bc6064fb584d3dd',
    );
  });
});

describe("an attachment's record", () => {
  it('comes back as it was made', async () => {
    await using folder = await temporaryFolder();
    await using a = await openEmbedded(folder.path);
    for (const [name, metadata] of [
      ['x.png', { a: 1, __proto_: [] }],
      [undefined, 'text'],
      ['国旗.png', { big: { $int64: '9007199254740993' } }],
    ] as const) {
      const { record, fields } = attachmentOf(new UploadedFile(hash, 1, name, 'image/png'), metadata);
      await write(a, record.id, fields);

      expect(record).toMatchObject({ size: 1, sha256: hash, filename: name, contentType: 'image/png', metadata });
      expect(read(a, record.id)).toEqual(record);
    }
  });

  it('is none where another replica wrote what is no record, or not that of the id', async () => {
    await using folder = await temporaryFolder();
    await using a = await openEmbedded(folder.path);
    const { record, fields } = attachmentOf(file(), {});
    const { record: other } = attachmentOf(file('other.png'), {});
    await write(a, other.id, fields);
    expect(read(a, other.id)).toBeUndefined();

    for (const [field, value] of Object.entries({
      sha256: '../../etc/passwd',
      size: -1,
      filename: 'a/b',
      contentType: 'text/html\r\nSet-Cookie: a=b',
      metadata: '{"__proto__":',
    })) {
      await write(a, record.id, { ...fields, [field]: value });
      expect(read(a, record.id)).toBeUndefined();
      await write(a, record.id, { ...fields, [field]: null });
      expect(read(a, record.id)).toBeUndefined();
    }

    await write(a, record.id, fields);
    expect(read(a, record.id)).toEqual(record);
    expect(read(a, 'attachment_')).toBeUndefined();
    expect(read(a, `attachment_${'0'.repeat(64)}`)).toBeUndefined();
  });

  it('takes no metadata that is too large, too deep or names a prototype', () => {
    const deep = JSON.parse(`${'['.repeat(limits.documentDepth + 1)}${']'.repeat(limits.documentDepth + 1)}`);

    expect(() => attachmentOf(file(), 'x'.repeat(limits.attachmentMetadataBytes))).toThrow(PayloadTooLargeError);
    expect(() => attachmentOf(file(), deep)).toThrow(BadUserInputError);
    expect(() => attachmentOf(file(), JSON.parse('{"__proto__":1}'))).toThrow(BadUserInputError);
  });
});
