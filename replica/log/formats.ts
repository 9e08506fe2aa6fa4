/**
 * The format of a site: one number for all formats that its replicas share, in the log, in snapshots and as messages.
 * docs/internals/protocol.md, P82 to P84.
 *
 * site format   batch in an entry   all else
 * 1             2                   as docs/internals/codec.md and protocol.md say
 * 2             3                   the same; no release writes it: tests prove with it how a site comes to a new format
 */
import { UnknownFormatError } from '../../errors.ts';

/** From the first to the last, both included. */
export type FormatRange = readonly [from: number, to: number];

/** The format of a site that states none, and the only one read by a replica that does not state what it reads. */
export const firstFormat = 1;

/** The formats that this version reads. */
export const readableFormats: FormatRange = [firstFormat, 1];

/** @throws {UnknownFormatError} this version does not read what the site is written in */
export function checkFormat(format: number, [from, to]: FormatRange): void {
  if (format < from || format > to) throw new UnknownFormatError('the site', format);
}

/** The format of the batches in entries. */
export const batchFormatOf = (siteFormat: number): 2 | 3 => (siteFormat < 2 ? 2 : 3);
