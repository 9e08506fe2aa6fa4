/**
 * Loading a prefix from what is stored alone: the manifest, the chunks of a generation, and the log from where it began.
 * Each chunk's documents skip what their label covers. docs/internals/protocol.md, P29 to P31.
 */
import { isUndecodable, LogReplacedError, UnknownFormatError } from '../../../errors.ts';
import { invariant } from '../../../invariant.ts';
import { limits } from '../../../limits.ts';
import type { Head, Position } from '../../crdt/version.ts';
import type { Logger } from '../../environment/logger.ts';
import { type Chunk, chunkOf, decodeStoredChunk } from '../../log/chunk.ts';
import { markAtStart } from '../../log/entry.ts';
import { isGrown, noGeneration } from '../../log/ids.ts';
import type { Log } from '../../log/log.ts';
import type { ClosedLog, Generation, GenerationName, Manifest, Snapshots } from '../../log/snapshots.ts';
import { Prefix } from '../../state/prefix.ts';

export interface LoadParts {
  readonly log: Log;
  readonly snapshots: Snapshots | undefined;
  readonly logger: Logger;
}

export interface LoadedPrefix {
  readonly prefix: Prefix;
  readonly manifest: Manifest | undefined;
  /** The newest generation, where a chunk of it is gone or it cannot be used: somebody has to write another. */
  readonly missing: GenerationName | undefined;
  /** Whether the site was reached; else it is what the replica had on its own disk. */
  readonly isReached: boolean;
}

/** The stored data changed while it was loaded, or is incomplete: begin again. */
export class LoadInterrupted extends Error {
  /** See LoadedPrefix. */
  readonly missing: GenerationName | undefined;

  constructor(problem: string, missing?: GenerationName) {
    super(problem);
    this.missing = missing;
  }
}

/**
 * P29. The state of the log that there is now, up to its end as of the last read; or up to an entry that does not decode, which
 * the follower finds again and tells.
 * @throws {LoadInterrupted} @throws {LogUnavailableError}
 */
export async function loadStored(parts: LoadParts, { log: id }: Head): Promise<LoadedPrefix> {
  const manifest = await readManifest(parts);
  let missing: GenerationName | undefined;
  const closedLogs = manifest?.generation.begin.log === id ? manifest.closedLogs : [];
  if (manifest && manifest.generation.begin.log === id) {
    for (const generation of [manifest.generation, manifest.before]) {
      if (generation === undefined || generation.begin.log !== id) continue;
      const prefix = await loadGeneration(parts, generation, closedLogs);
      if (prefix) return { prefix, manifest, missing, isReached: true };
      const now = await readManifest(parts);
      if (now?.generation.name !== manifest.generation.name)
        throw new LoadInterrupted('another snapshot was written while one was loaded');
      missing = manifest.generation.name;
    }
  }
  if (isGrown(id)) throw new LoadInterrupted('the snapshot that the log began with is gone', missing ?? noGeneration);
  const prefix = new Prefix({ log: id, position: 0, mark: markAtStart(id) }, closedLogs, [], new Map());
  await follow(parts.log, prefix, missing ?? noGeneration);
  return { prefix, manifest, missing, isReached: true };
}

/** P20. The manifest; undefined where there is none, or none that decodes. @throws {LogUnavailableError} */
export async function readManifest({
  snapshots,
  logger,
}: Pick<LoadParts, 'snapshots' | 'logger'>): Promise<Manifest | undefined> {
  try {
    return await snapshots?.manifest();
  } catch (error) {
    if (!isUndecodable(error)) throw error;
    logger.error({ err: error }, 'the manifest of the snapshot does not decode');
    return undefined;
  }
}

/** P30. @returns undefined where a chunk is gone, or cannot be used */
async function loadGeneration(
  parts: LoadParts,
  generation: Generation,
  closedLogs: readonly ClosedLog[],
): Promise<Prefix | undefined> {
  const { begin, origins, skipped, chunks, name } = generation;
  const prefix = new Prefix(begin, closedLogs, [], origins, skipped);
  const labels: Head[] = [];
  for (let first = 0; first < chunks; first += limits.chunksAtOnce) {
    const indexes = Array.from({ length: Math.min(limits.chunksAtOnce, chunks - first) }, (_, at) => first + at);
    const read = await Promise.all(indexes.map((index) => readChunk(parts, generation, index)));
    for (const chunk of read) {
      if (!chunk) return undefined;
      labels[chunk.index] = chunk.label;
      for (const record of chunk.records) prefix.take(record);
      for (const removed of chunk.removed) prefix.takeRemoved(removed);
    }
  }
  const newest = labels.reduce((position, label) => Math.max(position, label.position), begin.position);
  const labelOf = (chunk: number): Head => {
    const label = labels[chunk];
    invariant(label !== undefined, 'a prefix is loaded once every chunk was read');
    return label;
  };
  const isCovered = (collection: string, id: string, position: Position) =>
    position <= labelOf(chunkOf(collection, id, chunks)).position;
  await follow(parts.log, prefix, name, { isCovered, newest });
  // A document that is as of a later position than the log's end shows effects without their causes.
  return newest > prefix.head.position ? undefined : prefix;
}

async function readChunk(
  { snapshots, logger }: LoadParts,
  { name, begin }: Generation,
  index: number,
): Promise<Chunk | undefined> {
  const bytes = await snapshots?.readChunk(name, index);
  if (!bytes) {
    logger.warn({ generation: name, chunk: index }, 'a chunk of the snapshot is gone');
    return undefined;
  }
  try {
    const chunk = decodeStoredChunk(bytes);
    const { generation, label } = chunk;
    if (generation === name && chunk.index === index && label.log === begin.log) return chunk;
    logger.error({ generation: name, chunk: index }, "a chunk of the snapshot is another one's");
  } catch (error) {
    // Another one would be of a format that is not known here, too.
    if (error instanceof UnknownFormatError) throw new LoadInterrupted(error.message);
    if (!isUndecodable(error)) throw error;
    logger.error({ err: error, generation: name, chunk: index }, 'a chunk of the snapshot does not decode');
  }
  return undefined;
}

/** The labels of a generation's chunks. */
interface Labels {
  readonly isCovered: (collection: string, id: string, position: Position) => boolean;
  readonly newest: Position;
}

/** Brings a prefix up to the log's end. */
async function follow(log: Log, prefix: Prefix, missing: GenerationName | undefined, labels?: Labels): Promise<void> {
  try {
    while (await followSome(log, prefix, labels));
  } catch (error) {
    if (error instanceof LogReplacedError) throw new LoadInterrupted(error.message, missing);
    if (!isUndecodable(error)) throw error;
  }
}

/**
 * Brings a prefix that is as of one position up to the log's end; or up to an entry that does not decode.
 * @throws {LoadInterrupted} the log does not go on from there @throws {LogUnavailableError}
 */
export const readTail = (log: Log, prefix: Prefix): Promise<void> => follow(log, prefix, undefined);

/** @returns whether there may be more */
async function followSome(log: Log, prefix: Prefix, labels: Labels | undefined): Promise<boolean> {
  const { log: id, position } = prefix.head;
  const entries = await log.read(id, position, limits.readEntries);
  if (entries.length === 0) await checkEnd(log, prefix.head);
  for (const entry of entries) {
    if (entry.first !== prefix.head.position + 1 || entry.before !== prefix.head.mark)
      throw new LogReplacedError(`nothing follows on position ${prefix.head.position}`);
    for (const transaction of prefix.prepare(entry, labels?.isCovered).transactions) prefix.put(transaction);
    prefix.advance(entry);
    // Some of what it touched was not put in place now: what it was before is not known.
    if (labels && entry.last <= labels.newest) prefix.recent.restart(entry.last);
  }
  return entries.length > 0;
}

async function checkEnd(log: Log, at: Head): Promise<void> {
  const end = await log.head();
  if (end?.log !== at.log) throw new LogReplacedError(`log ${at.log} is gone`);
  if (end.position === at.position && end.mark !== at.mark)
    throw new LogReplacedError(`position ${at.position} has another mark`);
}

/** P24. Up to where the log may be trimmed. */
export function trimmedUpTo(manifest: Manifest): Position {
  const { generation, before } = manifest;
  const { log, position } = generation.begin;
  return before?.begin.log === log ? Math.min(position, before.begin.position) : position;
}
