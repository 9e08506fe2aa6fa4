/**
 * Multer's storage engine for the blob store: files are streamed to the store and never buffered in memory.
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

  /** @param failed called at once on a failure; multer itself reports it only after reading the whole request */
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

  /** Nothing to do: disposing the session deletes the files of a failed form. */
  _removeFile(...[, , done]: Parameters<Remove>): void {
    done(null);
  }

  async #receive({ fieldname, originalname, mimetype, stream }: Parameters<Handle>[1]): Promise<void> {
    const filename = filenameOf(originalname, fieldname);
    await this.#uploads.receive(fieldname, stream, filename, contentTypeOf(mimetype));
  }
}
