/** The logger that the replica is given. */

/** The part of pino's interface that the replica uses. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
