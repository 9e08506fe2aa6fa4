/**
 * Multer's storage engine of ours: files go to the blob store as they come, never to memory.
 * Source of the interface: multer's StorageEngine.md.
 */
import type multer from 'multer';
import { contentTypeOf, filenameOf } from './names.ts';
import type { UploadSession } from './upload-session.ts';

type Handle = multer.StorageEngine['_handleFile'];
type Remove = multer.StorageEngine['_removeFile'];

export class BlobStorageEngine implements multer.StorageEngine {
  readonly #uploads: UploadSession;
  readonly #failed: (error: unknown) => void;

  /** @param failed told at once, where multer itself would read the request to its end first */
  constructor(uploads: UploadSession, failed: (error: unknown) => void) {
    this.#uploads = uploads;
    this.#failed = failed;
  }

  _handleFile(...[, file, done]: Parameters<Handle>): void {
    this.#receive(file).then(
      () => done(undefined, {}),
      (error: unknown) => {
        this.#failed(error);
        done(error);
      },
    );
  }

  /** The session drops the files of a form that failed. */
  _removeFile(...[, , done]: Parameters<Remove>): void {
    done(null);
  }

  async #receive({ fieldname, originalname, mimetype, stream }: Parameters<Handle>[1]): Promise<void> {
    const filename = filenameOf(originalname, fieldname);
    await this.#uploads.receive(fieldname, stream, filename, contentTypeOf(mimetype));
  }
}
