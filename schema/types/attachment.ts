/** Adds attachments to the schema: their types, queries, mutations and subscription. */
import * as attachments from '../../resolvers/attachments.ts';
import type { Builder } from '../builder/builder.ts';

const attachmentId = 'The `id` of an attachment.';

export function addAttachment(builder: Builder): void {
  builder.enumType('AttachmentState', {
    description: "Where an attachment's bytes are, as this replica knows it.",
    values: {
      NONE: { description: 'No replica that answers has it.' },
      LOCAL: { description: 'Here, and nowhere else that is known.' },
      REMOTE: { description: 'Elsewhere; a fetch brings it here.' },
      SYNCED: { description: 'Here and elsewhere.' },
    },
  });

  builder.objectType('Attachment', {
    interfaces: ['Node'],
    description:
      'The token is small and syncs with its document; the bytes stay where they were uploaded until they are fetched.',
    fields: (t) => ({
      id: t.exposeID('id', {
        description:
          'Of content, filename, contentType and metadata together: equal uploads have one. A global id, and also what `attachment(id:)`, {"$attachment": …} and the URL take.',
      }),
      size: t.exposeFloat('size', { description: 'Bytes.' }),
      sha256: t.exposeString('sha256', { description: 'Hex SHA-256 of the bytes.' }),
      filename: t.exposeString('filename', {
        nullable: true,
        description: 'The name given with the upload; null without one.',
      }),
      contentType: t.exposeString('contentType', {
        description: 'The media type given with the upload, such as `image/png`.',
      }),
      metadata: t.expose('metadata', { type: 'JSON', description: 'The JSON object given with the upload.' }),
      state: t.field({
        type: 'AttachmentState',
        description: 'Where the bytes are, as this replica knows it.',
        resolve: attachments.state,
      }),
      url: t.string({ description: 'Where HTTP GET reads it, ranges included.', resolve: attachments.url }),
      base64: t.string({
        nullable: true,
        description: 'The bytes, Base64, where they are here and no larger than 1 MiB; null otherwise.',
        resolve: attachments.base64,
      }),
    }),
  });

  builder.enumType('AttachmentFetchStatus', {
    description: 'The state of a fetch between replicas.',
    values: {
      PROGRESS: { description: 'The fetch is running.' },
      COMPLETED: { description: 'All bytes are here and verified.' },
      UNAVAILABLE: {
        description: 'No replica that answers has the bytes, or they were deleted; a later fetch may succeed.',
      },
    },
  });

  builder.objectType('AttachmentFetchEvent', {
    description: 'The progress of fetching an attachment.',
    fields: (t) => ({
      status: t.expose('status', {
        type: 'AttachmentFetchStatus',
        description: 'Whether the fetch is running, or how it ended.',
      }),
      downloaded: t.exposeFloat('downloaded', { description: 'Bytes.' }),
      total: t.exposeFloat('total', { description: 'Bytes.' }),
      attachment: t.expose('attachment', { type: 'Attachment', description: 'The attachment being fetched.' }),
    }),
  });

  builder.queryFields((t) => ({
    attachment: t.field({
      type: 'Attachment',
      nullable: true,
      description: 'An attachment by its id; null if this replica does not know it.',
      args: { id: t.arg.id({ required: true, description: attachmentId }) },
      resolve: attachments.one,
    }),
  }));

  builder.mutationFields((t) => {
    const id = t.arg.id({ required: true, description: attachmentId });
    return {
      uploadAttachment: t.field({
        type: 'Attachment',
        description: 'Uploads a file of a GraphQL multipart request.',
        args: {
          file: t.arg({
            type: 'File',
            required: true,
            description: 'A variable that the `map` of the multipart request refers to.',
          }),
          metadata: t.arg({ type: 'JSON', description: 'A JSON object to keep with the attachment.' }),
        },
        resolve: attachments.upload,
      }),
      fetchAttachment: t.field({
        type: 'AttachmentFetchEvent',
        description: 'Starts a fetch that goes on whether or not anyone watches; the event says how far it is.',
        args: { id },
        resolve: attachments.fetch,
      }),
      evictAttachment: t.field({
        type: 'Attachment',
        description:
          'Drops the bytes held here; tokens stay, and a fetch brings them back where another replica has them.',
        args: { id },
        resolve: attachments.evict,
      }),
    };
  });

  builder.subscriptionFields((t) => ({
    attachmentFetch: t.field({
      type: 'AttachmentFetchEvent',
      description: 'Starts or joins a fetch, and sends its progress until it ends.',
      args: { id: t.arg.id({ required: true, description: attachmentId }) },
      subscribe: attachments.watchFetch,
      resolve: (event) => event,
    }),
  }));
}
