/** Short texts as UTF-8: most are ASCII, and most of those were met a moment ago. */

/** Longer ones are left to the platform. */
const shortText = 40;
/** A power of two. Each holds the last text met that hashes to it. */
const placesForTexts = 2048;

const encoder = new TextEncoder();
/** A byte order mark is text like any other. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const met: string[] = Array.from({ length: placesForTexts }, () => '');
const units: number[] = [];

/** How many bytes a text takes at the most. */
export const mostBytes = (text: string): number => text.length * 3;

/**
 * @param into has room for mostBytes of it
 * @returns how many bytes were written
 */
export function writeText(text: string, into: Uint8Array, at: number): number {
  if (text.length <= shortText) {
    let index = 0;
    for (; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) break;
      into[at + index] = unit;
    }
    if (index === text.length) return index;
  }
  return encoder.encodeInto(text, into.subarray(at)).written;
}

/**
 * Equal short texts are one string, as long as they come often: names of fields, origins and logs take their room once.
 * @throws {TypeError} it is no UTF-8
 */
export function readText(bytes: Uint8Array, at: number, length: number): string {
  if (length > shortText) return decoder.decode(bytes.subarray(at, at + length));
  let hash = length;
  for (let index = at; index < at + length; index++) {
    const byte = bytes[index] ?? 0;
    if (byte >= 0x80) return decoder.decode(bytes.subarray(at, at + length));
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  const place = (hash ^ (hash >>> 15)) & (placesForTexts - 1);
  const known = met[place] ?? '';
  if (isSpelled(known, bytes, at, length)) return known;
  units.length = length;
  for (let index = 0; index < length; index++) units[index] = bytes[at + index] ?? 0;
  const text = String.fromCharCode.apply(undefined, units);
  met[place] = text;
  return text;
}

function isSpelled(text: string, bytes: Uint8Array, at: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let index = 0; index < length; index++) if (text.charCodeAt(index) !== bytes[at + index]) return false;
  return true;
}
