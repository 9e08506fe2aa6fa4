/** Logging as an argument. */

/** pino's shape, as far as the replica needs it. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
