/** The attachment service of this replica: its blob store, and the transfer of bytes from and to other replicas. */
import type { Readable } from 'node:stream';
import { AttachmentUnavailableError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Channel } from '../replica/gossip/channel.ts';
import {
  type AttachmentRecord,
  type AttachmentState,
  type Attachments,
  attachmentsPath,
  type FetchEvent,
} from './attachments.ts';
import type { ByteRange } from './blobs/blobs.ts';
import { Holds } from './holds.ts';
import type { TransferCounters, TransferOptions } from './transfer/ports.ts';
import { Transfer } from './transfer/transfer.ts';
import { UploadSession } from './upload-session.ts';

export interface AttachmentsOptions extends Omit<TransferOptions, 'channel'> {
  /** Undefined if there are no other replicas. */
  readonly channel: Channel | undefined;
  /** The URL by which clients reach this server; undefined if it is not known. */
  readonly publicUrl: URL | undefined;
  /** The maximum size of each uploaded file. */
  readonly maximumUploadBytes: number;
}

export interface AttachmentService extends Attachments {
  /** Undefined without a channel. */
  readonly counters: Readonly<TransferCounters> | undefined;
  /** Opens a session for the files of one request. */
  beginUploads(): UploadSession;
}

/** Resolves once the service answers other replicas. Redis need not be reachable yet. */
export async function openAttachments(options: AttachmentsOptions): Promise<AttachmentService> {
  const { channel } = options;
  if (channel === undefined) return new LocalAttachments(options, undefined);
  const transfer = new Transfer({ ...options, channel });
  await transfer.open();
  return new LocalAttachments(options, transfer);
}

class LocalAttachments implements AttachmentService {
  readonly #options: AttachmentsOptions;
  readonly #transfer: Transfer | undefined;
  readonly #holds: Holds;
  readonly #uploads = new Set<UploadSession>();

  constructor(options: AttachmentsOptions, transfer: Transfer | undefined) {
    this.#options = options;
    this.#transfer = transfer;
    this.#holds = new Holds(options.blobs);
  }

  get counters(): Readonly<TransferCounters> | undefined {
    return this.#transfer?.counters;
  }

  beginUploads(): UploadSession {
    const session = new UploadSession(this.#options.blobs, this.#holds, this.#options.maximumUploadBytes);
    this.#uploads.add(session);
    void session.ended.then(() => this.#uploads.delete(session));
    return session;
  }

  url({ id }: AttachmentRecord): string {
    return `${this.#options.publicUrl?.href.replace(/\/$/, '') ?? ''}${attachmentsPath}/${id}`;
  }

  async state({ sha256 }: AttachmentRecord): Promise<AttachmentState> {
    const [isHere, isElsewhere] = await Promise.all([
      this.#isHere(sha256),
      this.#transfer?.isElsewhere(sha256) ?? false,
    ]);
    if (isHere) return isElsewhere ? 'SYNCED' : 'LOCAL';
    return isElsewhere ? 'REMOTE' : 'NONE';
  }

  async base64({ sha256, size }: AttachmentRecord): Promise<string | undefined> {
    if (size > limits.base64Bytes) return undefined;
    const bytes = Buffer.allocUnsafe(size);
    return (await this.#options.blobs.read(sha256, 0, bytes)) ? bytes.toString('base64') : undefined;
  }

  async open({ id, sha256 }: AttachmentRecord, range?: ByteRange): Promise<Readable> {
    const stream = await this.#options.blobs.open(sha256, range);
    if (stream === undefined) throw new AttachmentUnavailableError(id);
    return stream;
  }

  async fetch(record: AttachmentRecord): Promise<FetchEvent> {
    if (await this.#isHere(record.sha256)) return eventOf(record, 'COMPLETED', record.size);
    const download = this.#transfer?.download(record.sha256, record.size);
    if (download === undefined) return eventOf(record, 'UNAVAILABLE', 0);
    return eventOf(record, download.progress.status, download.progress.downloaded);
  }

  watchFetch(record: AttachmentRecord, told: (event: FetchEvent) => void): Disposable {
    let watch: Disposable | undefined;
    let isOver = false;
    const begin = async () => {
      const isHere = await this.#isHere(record.sha256);
      if (isOver) return;
      const download = isHere ? undefined : this.#transfer?.download(record.sha256, record.size);
      if (download !== undefined) {
        watch = download.watch(({ status, downloaded }) => told(eventOf(record, status, downloaded)));
      } else if (isHere) told(eventOf(record, 'COMPLETED', record.size));
      else told(eventOf(record, 'UNAVAILABLE', 0));
    };
    begin().catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'the blob store cannot be read');
      if (!isOver) told(eventOf(record, 'UNAVAILABLE', 0));
    });
    return {
      [Symbol.dispose]() {
        isOver = true;
        watch?.[Symbol.dispose]();
      },
    };
  }

  async evict({ sha256 }: AttachmentRecord): Promise<void> {
    await this.#transfer?.drop(sha256);
    // An upload of the same bytes in progress relies on them.
    if (!this.#holds.has(sha256)) await this.#options.blobs.delete(sha256);
  }

  async close(): Promise<void> {
    // Their requests have ended; wait until their files are deleted.
    await Promise.all(Array.from(this.#uploads, ({ ended }) => ended));
    await this.#transfer?.close();
  }

  async #isHere(sha256: string): Promise<boolean> {
    return (await this.#options.blobs.size(sha256)) !== undefined;
  }
}

function eventOf(attachment: AttachmentRecord, status: FetchEvent['status'], downloaded: number): FetchEvent {
  return { status, downloaded, total: attachment.size, attachment };
}
