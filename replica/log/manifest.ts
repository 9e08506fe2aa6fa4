/**
 * The manifest as bytes: a sealed record whose fields are the newest generation's name, the log, position and mark where it
 * began, and its number of chunks, so that scripts and people can read them; the rest is JSON. docs/internals/protocol.md, P20.
 */

import { MalformedBytesError } from '../../errors.ts';
import type { Origin } from '../crdt/version.ts';
import type { CheckpointEnd } from './checkpoint.ts';
import { isGenerationName, isLogId, isMark, isOrigin } from './ids.ts';
import { parseNumber, seal, unseal } from './sealed.ts';
import type { ClosedLog, ClosedMark, Generation, Manifest, SkippedNumbers } from './snapshots.ts';

const manifestFormat = 1;

export function encodeManifest({ generation, before, closedLogs }: Manifest): Buffer {
  const { name, begin, chunks } = generation;
  const rest = { generation: plain(generation), before: before && plain(before), closedLogs };
  return seal(manifestFormat, [name, begin.log, begin.position, begin.mark, chunks], Buffer.from(JSON.stringify(rest)));
}

const plain = ({ origins, ...generation }: Generation) => ({ ...generation, origins: Object.fromEntries(origins) });

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const { fields, body } = unseal('the manifest of the snapshot', manifestFormat, 5, bytes);
  const [name, log, position, mark, chunks] = fields;
  const { generation, before, closedLogs } = objectOf(parse(body));
  const newest = generationOf(generation);
  const { begin } = newest;
  if (
    newest.name !== name ||
    begin.log !== log ||
    begin.mark !== mark ||
    begin.position !== parseNumber(position) ||
    newest.chunks !== parseNumber(chunks)
  )
    throw malformed('its fields and its body differ');
  return {
    generation: newest,
    before: before === undefined ? undefined : generationOf(before),
    closedLogs: closedLogsOf(closedLogs),
  };
}

/** Decodes the JSON stored with the head of a kept prefix. @throws {MalformedBytesError} */
export function decodeBesideHead(bytes: Buffer): Pick<CheckpointEnd, 'closedLogs' | 'skipped'> {
  const { closedLogs, skipped } = objectOf(parse(bytes));
  return { closedLogs: closedLogsOf(closedLogs), skipped: skippedOf(skipped) };
}

function skippedOf(value: unknown): readonly SkippedNumbers[] {
  if (!Array.isArray(value)) throw malformed('what was skipped');
  return value.map((one) => {
    const { origin, after, upTo } = objectOf(one);
    if (!(typeof origin === 'string' && isOrigin(origin)) || !isCount(after) || !isCount(upTo))
      throw malformed('what was skipped');
    return { origin, after, upTo };
  });
}

function closedLogsOf(value: unknown): readonly ClosedLog[] {
  if (!Array.isArray(value)) throw malformed('its closed logs');
  return value.map(closedLogOf);
}

function generationOf(value: unknown): Generation {
  const { name, begin, chunks, bytes, origins, skipped } = objectOf(value);
  const { log, position, mark } = objectOf(begin);
  if (
    !isGenerationName(name) ||
    !(typeof log === 'string' && isLogId(log)) ||
    !isCount(position) ||
    !(typeof mark === 'string' && isMark(mark)) ||
    !(isCount(chunks) && chunks > 0) ||
    !isCount(bytes)
  )
    throw malformed('a generation');
  const found = { name, begin: { log, position, mark }, chunks, bytes, origins: originsOf(origins) };
  return skipped === undefined ? found : { ...found, skipped: skippedOf(skipped) };
}

function originsOf(value: unknown): ReadonlyMap<Origin, number> {
  const origins = new Map<Origin, number>();
  for (const [origin, number] of Object.entries(objectOf(value))) {
    if (!isOrigin(origin) || !isCount(number)) throw malformed('its origins');
    origins.set(origin, number);
  }
  return origins;
}

function closedLogOf(value: unknown): ClosedLog {
  const { log, position, marks } = objectOf(value);
  if (!(typeof log === 'string' && isLogId(log)) || !isCount(position) || !Array.isArray(marks))
    throw malformed('a closed log');
  return { log, position, marks: marks.map(closedMarkOf) };
}

function closedMarkOf(value: unknown): ClosedMark {
  const { position, mark } = objectOf(value);
  if (!isCount(position) || !(typeof mark === 'string' && isMark(mark))) throw malformed('a mark of a closed log');
  return { position, mark };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw new MalformedBytesError('the manifest of the snapshot is malformed: no JSON', { cause: error });
  }
}

function objectOf(value: unknown): Partial<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw malformed('what should be an object');
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const malformed = (what: string) => new MalformedBytesError(`the manifest of the snapshot is malformed: ${what}`);
