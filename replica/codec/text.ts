/** Short texts as UTF-8: most are ASCII, and most of those were met a moment ago. */

/** Longer ones are left to the platform. */
const shortText = 40;
/** A power of two. Each holds the last text met that hashes to it. */
const placesForTexts = 2048;

const encoder = new TextEncoder();
/** A byte order mark is text like any other. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const met: string[] = Array.from({ length: placesForTexts }, () => '');
/** The texts at the first places of the table that was read last. */
const lastTexts: string[] = Array.from({ length: 16 }, () => '');
/** Arrays by their length: one that changed its length would be made anew again and again. */
const unitsByLength = Array.from({ length: shortText + 1 }, (_, length) => Array.from({ length }, () => 0));

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
 * @param index of the text in its table: the same text often stands at the same place as in the table before
 * @throws {TypeError} the bytes are not valid UTF-8
 */
export function readText(bytes: Uint8Array, at: number, length: number, index: number): string {
  return readShort(bytes, at, length, index, true);
}

/** As readText, of what is one of very many: to look for it takes longer than to make it, and would push out what comes often. */
export function readRareText(bytes: Uint8Array, at: number, length: number, index: number): string {
  return readShort(bytes, at, length, index, false);
}

function readShort(bytes: Uint8Array, at: number, length: number, index: number, isOften: boolean): string {
  if (length > shortText) return decoder.decode(bytes.subarray(at, at + length));
  const expected = index < lastTexts.length ? lastTexts[index] : undefined;
  if (expected !== undefined && isSpelled(expected, bytes, at, length)) return expected;
  const known = isOften ? metText(bytes, at, length) : asciiText(bytes, at, length);
  const text = known ?? decoder.decode(bytes.subarray(at, at + length));
  // Only ASCII: characters are compared with bytes.
  if (index < lastTexts.length && text.length === length) lastTexts[index] = text;
  return text;
}

/** Undefined if the bytes are not all ASCII. */
function metText(bytes: Uint8Array, at: number, length: number): string | undefined {
  let hash = length;
  for (let next = at; next < at + length; next++) hash = Math.imul(hash ^ (bytes[next] ?? 0), 0x01000193);
  const place = (hash ^ (hash >>> 15)) & (placesForTexts - 1);
  const known = met[place] ?? '';
  if (isSpelled(known, bytes, at, length)) return known;
  const text = asciiText(bytes, at, length);
  if (text !== undefined) met[place] = text;
  return text;
}

/** Undefined if the bytes are not all ASCII. @param length at most that of a short text */
function asciiText(bytes: Uint8Array, at: number, length: number): string | undefined {
  const units = unitsByLength[length] ?? [];
  let all = 0;
  for (let index = 0; index < length; index++) {
    const byte = bytes[at + index] ?? 0;
    all |= byte;
    units[index] = byte;
  }
  return all < 0x80 ? String.fromCharCode.apply(undefined, units) : undefined;
}

function isSpelled(text: string, bytes: Uint8Array, at: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let index = 0; index < length; index++) if (text.charCodeAt(index) !== bytes[at + index]) return false;
  return true;
}
