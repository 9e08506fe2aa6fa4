/**
 * Parses HTTP byte ranges. Source: RFC 9110, section 14.
 * Why not a library: range-parser 1 refuses a suffix longer than the whole, which means the whole (section 14.1.2), and
 * range-parser 2 needs Node 22.
 */
import type { ByteRange } from './blobs/blobs.ts';

/**
 * @param header the value of Range
 * @returns undefined if the whole is to be sent: there is no range, not in bytes, more than one, or a malformed one
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'UNSATISFIABLE' | undefined {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'UNSATISFIABLE' : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'UNSATISFIABLE';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}
