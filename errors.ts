/**
 * All errors that this project throws on purpose. GraphQL responses carry `code` as `extensions.code`; any other error
 * is logged, and its message is hidden from clients. `docs/guide/errors.md` says for each code what to do; a test keeps
 * the two in step.
 */

/** Creates errors without stacks: capturing a stack would cost more than the rest of a refused operation. */
export function withoutStack<Made>(make: () => Made): Made {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Has no stack, as it is thrown on purpose. If an unexpected error is behind it, that is its `cause`, and has a stack.
 */
export abstract class TidelineError extends Error {
  abstract readonly code: string;
  /** The members of `extensions` besides `code`. */
  get details(): Readonly<Record<string, unknown>> {
    return {};
  }
  constructor(message: string, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = new.target.name;
  }
}

/** An invalid argument. Its name is as the client wrote it: `document.address.city`, `operations.0.set`. */
export class BadUserInputError extends TidelineError {
  readonly code = 'BAD_USER_INPUT';
  readonly argument: string;
  constructor(argument: string, problem: string, options?: ErrorOptions) {
    super(`${argument}: ${problem}`, options);
    this.argument = argument;
  }
  override get details() {
    return { argument: this.argument };
  }
}

export class DocumentNotFoundError extends TidelineError {
  readonly code = 'DOCUMENT_NOT_FOUND';
  constructor(collection: string, id: string, remedy = 'upsert it first') {
    super(`no document ${JSON.stringify(id)} in collection ${JSON.stringify(collection)}: ${remedy}`);
  }
}

export class IdImmutableError extends TidelineError {
  readonly code = 'ID_IMMUTABLE';
  constructor(argument: string) {
    super(`${argument}: a document's _id never changes: upsert a new document and remove this one`);
  }
}

/** The value at a keypath has another type than the operation needs. */
export class TypeMismatchError extends TidelineError {
  readonly code = 'TYPE_MISMATCH';
  readonly path: string;
  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.path = path;
  }
  override get details() {
    return { path: this.path };
  }
}

export class TransactionConflictError extends TidelineError {
  readonly code = 'TRANSACTION_CONFLICT';
}

export class AttachmentNotFoundError extends TidelineError {
  readonly code = 'ATTACHMENT_NOT_FOUND';
  constructor(id: string) {
    super(`no attachment ${JSON.stringify(id)} is known here: upload it, or wait until its document has arrived`);
  }
}

export class AttachmentUnavailableError extends TidelineError {
  readonly code = 'ATTACHMENT_UNAVAILABLE';
  constructor(id: string) {
    super(`the bytes of attachment ${JSON.stringify(id)} are not here: fetch them with fetchAttachment first`);
  }
}

export class PayloadTooLargeError extends TidelineError {
  readonly code = 'PAYLOAD_TOO_LARGE';
  constructor(what: string, bytes: number | undefined, maximumBytes: number, remedy = 'send less at once') {
    super(
      `${what}${bytes === undefined ? '' : ` has ${bytes} bytes and`} may have at most ${maximumBytes} bytes: ${remedy}`,
    );
  }
}

export class ReplicaBehindError extends TidelineError {
  readonly code = 'REPLICA_BEHIND';
  constructor(missing: number, waitedMilliseconds: number) {
    super(
      `${missing} transactions of your token are not here after ${waitedMilliseconds} ms: retry, or ask another replica`,
    );
  }
}

export class TokenUnreachableError extends TidelineError {
  readonly code = 'TOKEN_UNREACHABLE';
  constructor() {
    super('the causality token belongs to another history than this site has: drop it, and read again without it');
  }
}

export class HistoryUnavailableError extends TidelineError {
  readonly code = 'HISTORY_UNAVAILABLE';
  readonly token: string | undefined;
  /** @param token the last version that the reader was served, if any */
  constructor(problem: string, token?: string) {
    super(`${problem}: read everything again, and resume from its token`);
    this.token = token;
  }
  override get details() {
    return this.token === undefined ? {} : { token: this.token };
  }
}

export class TooManySubscriptionsError extends TidelineError {
  readonly code = 'TOO_MANY_SUBSCRIPTIONS';
  constructor(problem: string) {
    super(`${problem}: complete some, or ask another replica`);
  }
}

export class StoreUnavailableError extends TidelineError {
  readonly code = 'STORE_UNAVAILABLE';
  /** @param asked the kind of the failed request */
  constructor(problem: string, options?: ErrorOptions, asked: 'read' | 'write' = 'write') {
    super(
      `${problem}: ${asked === 'write' ? 'nothing was written' : 'nothing can be read yet'}; try again later`,
      options,
    );
  }
}

/** The requests and responses in progress have used up the memory reserved for them. */
export class ServerBusyError extends TidelineError {
  readonly code = 'SERVER_BUSY';
  constructor() {
    super('too many large requests and responses are in progress: nothing was done; try again in a moment');
  }
}

export class OutcomeUnknownError extends TidelineError {
  readonly code = 'OUTCOME_UNKNOWN';
  constructor() {
    super('the site did not answer in time: the write may appear later; read before you send it again');
  }
}

/** Bytes from outside that are not valid in their format. They are counted, logged and dropped. */
export class MalformedBytesError extends TidelineError {
  readonly code = 'MALFORMED_BYTES';
}

/** Bytes in a format that this process does not know. */
export class UnknownFormatError extends TidelineError {
  readonly code = 'UNKNOWN_FORMAT';
  readonly format: number;
  constructor(what: string, format: number) {
    super(
      `${what} is of format ${format}, which this version of Tideline does not know: run the version that wrote it, or a newer one`,
    );
    this.format = format;
  }
}

/** The log is not the expected one any more, or it went back; nothing was done. */
export class LogReplacedError extends TidelineError {
  readonly code = 'LOG_REPLACED';
}

/** It is unknown whether the requested change happened, unless `refused` is true. */
export class LogUnavailableError extends TidelineError {
  readonly code = 'LOG_UNAVAILABLE';
  readonly refused: boolean;
  /** @param refused true if it is certain that nothing was done */
  constructor(problem: string, refused: boolean, options?: ErrorOptions) {
    super(problem, options);
    this.refused = refused;
  }
}

/** Faults of the environment or the data folder that prevent the start, all in one error. */
export class ConfigurationError extends TidelineError {
  readonly code = 'CONFIGURATION';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

/** An invalid collection definition; the message names collection and field. */
export class DefinitionError extends TidelineError {
  readonly code = 'DEFINITION';
}

export class FolderInUseError extends TidelineError {
  readonly code = 'FOLDER_IN_USE';
  constructor(folder: string, holder: string) {
    super(`the data folder ${folder} is in use by ${holder}: stop that one, or set another DATA_DIR`);
  }
}

/** Bytes that this process cannot decode: they are malformed, or another version wrote them. */
export const isUndecodable = (error: unknown): error is MalformedBytesError | UnknownFormatError =>
  error instanceof MalformedBytesError || error instanceof UnknownFormatError;

/** The message that clients get in place of an unexpected error's own, which only the log has. */
export const hiddenMessage = 'Unexpected error';

/** The HTTP status for each code. The codes after the blank line are those of faulty requests, which have no class here. */
export const statusByCode: Readonly<Record<string, number>> = {
  BAD_USER_INPUT: 400,
  ATTACHMENT_NOT_FOUND: 404,
  ATTACHMENT_UNAVAILABLE: 409,
  TRANSACTION_CONFLICT: 409,
  TOKEN_UNREACHABLE: 409,
  PAYLOAD_TOO_LARGE: 413,
  STORE_UNAVAILABLE: 503,
  SERVER_BUSY: 503,
  REPLICA_BEHIND: 503,
  OUTCOME_UNKNOWN: 503,

  BAD_REQUEST: 400,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  REQUEST_TOO_SLOW: 408,
  PRECONDITION_FAILED: 412,
  UNSUPPORTED_MEDIA_TYPE: 415,
  INTERNAL_SERVER_ERROR: 500,
};
