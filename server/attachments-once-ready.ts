/** The attachments of a replica that may not be ready yet: opened once it is, and unavailable until then. */
import { StoreUnavailableError } from '../errors.ts';
import type { Replica } from '../replica/replica.ts';
import type { AttachmentService } from '../uploads/service.ts';

export class AttachmentsOnceReady implements Pick<AttachmentService, 'open' | 'beginUploads' | 'counters' | 'close'> {
  /** Rejects where the replica will never be ready. */
  readonly opened: Promise<AttachmentService>;
  #service: AttachmentService | undefined;
  #isClosed = false;

  constructor(replica: Replica, open: () => Promise<AttachmentService>) {
    this.opened = replica.ready.then(async () => {
      // A replica that is closed while it starts is never ready, and does not say so otherwise.
      if (this.#isClosed) throw new StoreUnavailableError('this replica is stopping');
      this.#service = await open();
      return this.#service;
    });
  }

  get counters(): AttachmentService['counters'] {
    return this.#service?.counters;
  }

  open(...args: Parameters<AttachmentService['open']>): ReturnType<AttachmentService['open']> {
    return this.#current().open(...args);
  }

  beginUploads(): ReturnType<AttachmentService['beginUploads']> {
    return this.#current().beginUploads();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#service?.close();
  }

  #current(): AttachmentService {
    if (this.#service === undefined) throw new StoreUnavailableError('this replica has not caught up yet');
    return this.#service;
  }
}
