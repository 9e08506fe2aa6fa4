/** Random names: of logs, origins, documents, secrets. */
import type { LogId, Origin } from '../crdt/version.ts';

export type Random = (bytes: number) => Uint8Array;

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const originCharacters = 8;

export const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

/** 32 hex digits. */
export const newLogId = (random: Random): LogId => hex(random(16));

/**
 * P43. Of a log that grew from others: 32 hex digits, and an ending by which nobody takes it for one that began empty, should its
 * manifest be gone.
 */
export const newGrownLogId = (random: Random): LogId => `${newLogId(random)}${grown}`;
export const isGrown = (log: LogId): boolean => log.endsWith(grown);
const grown = '-grown';

/** 32 hex digits. */
export const newSecret = (random: Random): string => hex(random(16));

/** 20 characters of base 32: 100 bits. */
export const newDocumentId = (random: Random): string => letters(random(20));

export const newOrigin = (name: string, random: Random): Origin => `${name}.${letters(random(originCharacters))}`;

function letters(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += alphabet[byte % alphabet.length] ?? '';
  return text;
}
