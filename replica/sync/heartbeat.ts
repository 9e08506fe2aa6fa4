/** The heartbeat as it travels: JSON, checked when it comes in. docs/internals/protocol.md, section "Heartbeats". */
import { MalformedBytesError, UnknownFormatError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Head, Origin, Position } from '../crdt/version.ts';
import { type FormatRange, firstFormat } from '../log/formats.ts';
import { isGenerationName } from '../log/ids.ts';
import type { GenerationName } from '../log/snapshots.ts';

export interface Heartbeat {
  readonly origin: Origin;
  /** The sender's head; undefined while it knows no log. */
  readonly head: Head | undefined;
  /** How many logs were closed before the sender's began. */
  readonly closedLogs: number;
  readonly mayHeal: boolean;
  /** The sender can hand on the entries after this position. */
  readonly keptFrom: Position;
  readonly unsent: number;
  /** A generation of the snapshot that it could not load. */
  readonly missingGeneration: GenerationName | undefined;
  /** P83. The formats of a site that its version reads. */
  readonly reads: FormatRange;
  /** True in the last one before its process stops. */
  readonly leaving: boolean;
}

const format = 1;

export function encodeHeartbeat(heartbeat: Heartbeat): Uint8Array {
  return Buffer.from(JSON.stringify({ format, ...heartbeat }));
}

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeHeartbeat(bytes: Uint8Array): Heartbeat {
  if (bytes.length > limits.heartbeatBytes) throw new MalformedBytesError(`a heartbeat of ${bytes.length} bytes`);
  const fields = parse(bytes);
  const { origin, closedLogs, mayHeal, keptFrom, unsent, missingGeneration, reads = firstRange, leaving } = fields;
  if (typeof fields.format === 'number' && fields.format > format)
    throw new UnknownFormatError('a heartbeat', fields.format);
  if (
    fields.format !== format ||
    typeof origin !== 'string' ||
    !/^[A-Za-z0-9._-]{1,64}\.[a-z0-9]{8}$/.test(origin) ||
    !isCount(unsent) ||
    !isCount(closedLogs) ||
    typeof mayHeal !== 'boolean' ||
    !isCount(keptFrom) ||
    !isRange(reads) ||
    typeof leaving !== 'boolean' ||
    !(missingGeneration === undefined || isGenerationName(missingGeneration))
  )
    throw new MalformedBytesError('a heartbeat whose fields are not those of its format');
  return {
    origin,
    head: headOf(fields.head),
    closedLogs,
    mayHeal,
    keptFrom,
    unsent,
    missingGeneration,
    reads,
    leaving,
  };
}

function parse(bytes: Uint8Array): Partial<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (isObject(parsed)) return parsed;
  } catch {
    // The error below covers this, too.
  }
  throw new MalformedBytesError('a heartbeat that is no JSON object');
}

function headOf(head: unknown): Head | undefined {
  if (head === undefined) return undefined;
  if (isObject(head)) {
    const { log, position, mark } = head;
    if (typeof log === 'string' && isCount(position) && typeof mark === 'string') return { log, position, mark };
  }
  throw new MalformedBytesError('a heartbeat whose head is none');
}

/** The range of a replica that does not say what it reads. */
const firstRange: FormatRange = [firstFormat, firstFormat];

const isRange = (value: unknown): value is FormatRange =>
  Array.isArray(value) && value.length === 2 && value.every(isCount) && Number(value[0]) <= Number(value[1]);

const isObject = (value: unknown): value is Partial<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
