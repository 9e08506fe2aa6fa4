/** The snapshots of a site in Redis. docs/internals/protocol.md, P19 to P25, P46 and P47. */
import { LogReplacedError, LogUnavailableError, MalformedBytesError } from '../../errors.ts';
import { invariant } from '../../invariant.ts';
import { limits } from '../../limits.ts';
import type { Head, Position } from '../crdt/version.ts';
import { encodeEntry } from '../log/entry.ts';
import type { LogEntry } from '../log/log.ts';
import { decodeManifest, encodeManifest } from '../log/manifest.ts';
import type {
  GenerationName,
  LeaseKind,
  ListedGeneration,
  LogBeginning,
  Manifest,
  Snapshots,
} from '../log/snapshots.ts';
import type { Chunks } from './chunks.ts';
import type { Connection } from './connection/connection.ts';
import { orUnavailable } from './connection/errors.ts';
import { unlessOther } from './head.ts';
import type { Keys } from './keys.ts';
import { defineScripts } from './scripts/run.ts';

export class RedisSnapshots implements Snapshots {
  readonly #keys: Keys;
  readonly #writer: Connection;
  readonly #reader: Connection;
  readonly #chunks: Chunks;

  constructor(keys: Keys, writer: Connection, reader: Connection, chunks: Chunks) {
    this.#keys = keys;
    this.#writer = writer;
    this.#reader = reader;
    this.#chunks = chunks;
    defineScripts(writer.redis);
  }

  async manifest(): Promise<Manifest | undefined> {
    const stored = await unlessOther(this.#reader.redis.hmgetBuffer(this.#keys.manifest, 'generation', 'manifest'));
    // P81. The next manifest replaces it.
    if (!stored) throw new MalformedBytesError('the manifest of the snapshot is malformed: its key holds another type');
    const [generation, bytes] = stored;
    if (!bytes) return undefined;
    const manifest = decodeManifest(bytes);
    if (String(generation) !== manifest.generation.name) {
      throw new MalformedBytesError('the manifest of the snapshot is malformed: another generation is named beside it');
    }
    return manifest;
  }

  async list({ name, chunks }: ListedGeneration, lease: string): Promise<readonly ListedGeneration[] | undefined> {
    const keys = [this.#keys.lease('snapshot'), this.#keys.generations] as const;
    const [outcome, ...listed] = answerOf(
      await orUnavailable(this.#writer.redis.tidelineList(...keys, lease, name, chunks)),
    );
    if (outcome !== 'LISTED') return undefined;
    const before: ListedGeneration[] = [];
    for (let index = 0; index + 1 < listed.length; index += 2) {
      const listedName = listed[index];
      invariant(listedName !== undefined, 'the script answers names and counts by turns');
      before.push({ name: listedName, chunks: Number(listed[index + 1]) });
    }
    return before;
  }

  async putChunk(
    generation: GenerationName,
    index: number,
    bytes: Uint8Array,
    keepMilliseconds: number,
  ): Promise<void> {
    const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    await this.#chunks.put(this.#keys.chunk(generation, index), value, keepMilliseconds);
  }

  async makePermanent({ name, chunks }: ListedGeneration): Promise<boolean> {
    return await this.#ofEach(name, chunks, (key) => this.#chunks.makePermanent(key));
  }

  async name(manifest: Manifest, seen: Head, lease: string): Promise<boolean> {
    const { log, manifest: key } = this.#keys;
    const keys = [log, this.#keys.stream(seen.log), this.#keys.lease('snapshot'), key] as const;
    const { name } = manifest.generation;
    const named = this.#writer.redis.tidelineName(...keys, ...placeOf(seen), lease, name, encodeManifest(manifest));
    return outcomeOf(await orUnavailable(named)) === 'NAMED';
  }

  async trim(upTo: Position, generation: GenerationName, seen: Head): Promise<boolean> {
    const { log, manifest, kept } = this.#keys;
    const keys = [log, this.#keys.stream(seen.log), manifest, kept] as const;
    for (;;) {
      const trimmed = this.#writer.redis.tidelineTrim(
        ...keys,
        ...placeOf(seen),
        generation,
        upTo,
        limits.trimmedPositions,
      );
      const outcome = outcomeOf(await orUnavailable(trimmed));
      if (outcome !== 'MORE') return outcome === 'TRIMMED';
    }
  }

  async delete({ name, chunks }: ListedGeneration): Promise<void> {
    await this.#ofEach(name, chunks, async (key) => {
      await this.#chunks.delete(key);
      return true;
    });
    await orUnavailable(this.#writer.redis.hdel(this.#keys.generations, name));
  }

  async readChunk(generation: GenerationName, index: number): Promise<Uint8Array | undefined> {
    return await this.#chunks.read(this.#keys.chunk(generation, index));
  }

  async takeLease(kind: LeaseKind, token: string, milliseconds: number): Promise<boolean> {
    const taken = this.#writer.redis.tidelineTakeLease(this.#keys.lease(kind), token, milliseconds);
    return (await orUnavailable(taken)) === 1;
  }

  async renewLease(kind: LeaseKind, token: string, milliseconds: number): Promise<boolean> {
    const renewed = this.#writer.redis.tidelineRenewLease(this.#keys.lease(kind), token, milliseconds);
    return (await orUnavailable(renewed)) === 1;
  }

  async releaseLease(kind: LeaseKind, token: string): Promise<void> {
    await orUnavailable(this.#writer.redis.tidelineReleaseLease(this.#keys.lease(kind), token));
  }

  async prepareLog(entries: readonly LogEntry[], keepMilliseconds: number): Promise<void> {
    let some: (string | Buffer)[] = [];
    let bytes = 0;
    for (const [index, entry] of entries.entries()) {
      const encoded = encodeEntry(entry);
      some.push(`${entry.last}-0`, encoded);
      bytes += encoded.length;
      // All clients wait for a script, so none writes much more than an append may.
      if (bytes < limits.appendBytes && index + 1 < entries.length) continue;
      const stream = this.#keys.stream(entry.log);
      outcomeOf(await orUnavailable(this.#writer.redis.tidelinePrepareLog(stream, keepMilliseconds, some)));
      [some, bytes] = [[], 0];
    }
  }

  async beginLog({ manifest, head, origins, over }: LogBeginning, lease: string): Promise<boolean> {
    const keys = this.#keys;
    const begun = this.#writer.redis.tidelineBeginLog(
      keys.log,
      keys.stream(over?.log ?? head.log),
      keys.stream(head.log),
      keys.origins,
      keys.manifest,
      keys.lease('heal'),
      keys.kept,
      lease,
      ...(over === undefined ? ['', '', ''] : placeOf(over)),
      ...placeOf(head),
      manifest.generation.name,
      encodeManifest(manifest),
      [...origins].flat(),
    );
    return (await orUnavailable(begun)) === 1;
  }

  /** Processes the chunks in order, some at a time. @returns false as soon as one of them fails */
  async #ofEach(name: GenerationName, chunks: number, one: (key: string) => Promise<boolean>): Promise<boolean> {
    for (let first = 0; first < chunks; first += limits.chunkCommandsAtOnce) {
      const count = Math.min(limits.chunkCommandsAtOnce, chunks - first);
      const keys = Array.from({ length: count }, (_, at) => this.#keys.chunk(name, first + at));
      if ((await Promise.all(keys.map(one))).includes(false)) return false;
    }
    return true;
  }
}

const placeOf = ({ log, position, mark }: Head) => [log, position, mark] as const;

const answerOf = (answer: unknown): readonly string[] => (Array.isArray(answer) ? answer.map(String) : []);

/** @throws {LogReplacedError} @throws {LogUnavailableError} */
function outcomeOf(answer: unknown): string | undefined {
  const [outcome, why] = answerOf(answer);
  if (outcome === 'REPLACED') throw new LogReplacedError(String(why));
  if (outcome === 'UNREADABLE' || outcome === 'DAMAGED') throw new LogUnavailableError(`Redis: ${why}`, true);
  return outcome;
}
