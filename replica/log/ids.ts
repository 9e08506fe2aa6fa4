/** Names of logs, origins, marks, generations, documents and secrets: made at random, or checked. */

import type { LogId, Mark, Origin } from '../crdt/version.ts';
import type { Random } from '../environment/random.ts';
import type { GenerationName } from './snapshots.ts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const originCharacters = 8;
const logIdPattern = /^[A-Za-z0-9._-]{1,64}$/;
const originPattern = /^[A-Za-z0-9._-]{1,73}$/;
const markPattern = /^[0-9a-f]{40}$/;
const generationPattern = /^[0-9a-f]{32}$/;

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
  for (const byte of bytes) text += alphabet.charAt(byte % alphabet.length);
  return text;
}

/** Checked wherever one of these comes from outside, or becomes part of a key or a line. */
export const isLogId = (text: string | undefined): text is LogId => text !== undefined && logIdPattern.test(text);

export const isOrigin = (text: string | undefined): text is Origin => text !== undefined && originPattern.test(text);

export const isMark = (text: string | undefined): text is Mark => text !== undefined && markPattern.test(text);

/** In the place of a name where a replica that cannot load the log knows of no generation. */
export const noGeneration: GenerationName = '0'.repeat(32);

export const isGenerationName = (text: unknown): text is string =>
  typeof text === 'string' && generationPattern.test(text);
