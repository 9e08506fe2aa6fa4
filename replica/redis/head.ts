/** Parses the head of the log as Redis stores it, and detects keys of a foreign type. */
import { LogUnavailableError } from '../../errors.ts';
import type { Head } from '../crdt/version.ts';
import { firstFormat } from '../log/formats.ts';
import { isLogId, isMark } from '../log/ids.ts';
import { parseNumber } from '../log/sealed.ts';
import { orUnavailable } from './connection/errors.ts';

/** @returns undefined if there is none */
export function parseHead([log, positionText, mark]: readonly (string | null | undefined)[]):
  | Head
  | 'damaged'
  | undefined {
  if ((log ?? positionText ?? mark ?? undefined) === undefined) return undefined;
  const [id, position, last] = [log ?? undefined, parseNumber(positionText ?? undefined), mark ?? undefined];
  if (!isLogId(id) || position === undefined || !isMark(last)) return 'damaged';
  return { log: id, position, mark: last };
}

/** P82. As format_of in scripts/standing.lua.ts. */
export const parseFormat = (text: string | null | undefined): number =>
  /^[1-9][0-9]{0,2}$/.test(text ?? '') ? Number(text) : firstFormat;

/**
 * P81. Waits for a command's reply.
 * @returns undefined if the key holds a type that the command does not apply to
 * @throws {LogUnavailableError}
 */
export async function unlessOther<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await orUnavailable(answer);
  } catch (error) {
    if (error instanceof LogUnavailableError && error.message.includes('WRONGTYPE')) return undefined;
    throw error;
  }
}
