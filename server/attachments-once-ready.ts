/** Attachments that open once the replica is ready, and are unavailable until then. */
import { StoreUnavailableError } from '../errors.ts';
import type { Replica } from '../replica/replica.ts';
import type { AttachmentRecord, FetchEvent } from '../uploads/attachments.ts';
import type { AttachmentService } from '../uploads/service.ts';

export class AttachmentsOnceReady implements AttachmentService {
  /** Rejects if the replica will never be ready. */
  readonly opened: Promise<void>;
  #service: AttachmentService | undefined;
  #isClosed = false;

  constructor(replica: Replica, open: () => Promise<AttachmentService>) {
    this.opened = replica.ready.then(async () => {
      // A replica that is closed during its start never becomes ready, and does not report it in any other way.
      if (this.#isClosed) throw new StoreUnavailableError('this replica is stopping');
      this.#service = await open();
    });
  }

  get isOpen(): boolean {
    return this.#service !== undefined;
  }

  get counters(): AttachmentService['counters'] {
    return this.#service?.counters;
  }

  url(record: AttachmentRecord) {
    return this.#current().url(record);
  }

  state(record: AttachmentRecord) {
    return this.#current().state(record);
  }

  base64(record: AttachmentRecord) {
    return this.#current().base64(record);
  }

  open(record: AttachmentRecord, range?: { start: number; end: number }) {
    return this.#current().open(record, range);
  }

  fetch(record: AttachmentRecord) {
    return this.#current().fetch(record);
  }

  watchFetch(record: AttachmentRecord, told: (event: FetchEvent) => void) {
    return this.#current().watchFetch(record, told);
  }

  evict(record: AttachmentRecord) {
    return this.#current().evict(record);
  }

  beginUploads() {
    return this.#current('write').beginUploads();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#service?.close();
  }

  #current(asked: 'read' | 'write' = 'read'): AttachmentService {
    if (this.#service === undefined) throw new StoreUnavailableError('this replica has not caught up yet', {}, asked);
    return this.#service;
  }
}
