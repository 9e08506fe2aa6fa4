/**
 * HTTP's byte ranges. Source: RFC 9110, section 14.
 * No library: range-parser 1 refuses a suffix that is longer than the whole, which stands for the whole (section 14.1.2), and
 * range-parser 2 needs Node 22.
 */
import type { ByteRange } from './blobs/blobs.ts';

/**
 * @param header the value of Range
 * @returns undefined where the whole is to be answered: no range, no bytes, more than one range, or nothing that reads as a range
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
