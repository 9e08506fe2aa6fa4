/**
 * The port of a site's snapshots: all documents beside the log, so that the log can be trimmed.
 * Held by the contract suite test/replica/log/snapshots-contract.ts, which every adapter passes. docs/internals/protocol.md, section "Snapshots".
 *
 * A generation is one snapshot: chunks under a random name. The manifest names the newest whole one, and the one before it.
 * A generation is *listed* from before its first chunk until its last chunk is deleted, so that no chunk is forgotten,
 * whoever dies. Whoever writes a generation holds the lease `snapshot`, from before it is listed until it is named.
 *
 * Every method throws LogUnavailableError: refused where nothing was done; else whether it was is unknown.
 */

import type { Head, LogId, Mark, Origin, Position } from '../crdt/version.ts';
import type { LogEntry } from './log.ts';

/** 32 hex digits. */
export type GenerationName = string;

/** A whole snapshot, as its manifest tells of it. */
export interface Generation {
  readonly name: GenerationName;
  /** Where its writer stood before it wrote the first chunk: no chunk is older. */
  readonly begin: Head;
  /** 1 and more; chunks are numbered from 0. */
  readonly chunks: number;
  /** The total size of all chunks. */
  readonly bytes: number;
  /** Last number by origin as of `begin`. */
  readonly origins: ReadonlyMap<Origin, number>;
  /** The numbers that the log skipped, as of `begin`; absent if none are known. */
  readonly skipped?: readonly SkippedNumbers[];
}

/** P41. Numbers of an origin that count as in, and are not: what has them comes too late. */
export interface SkippedNumbers {
  readonly origin: Origin;
  readonly after: number;
  readonly upTo: number;
}

/** A log that was closed: one that the present log grew from, or one whose transactions were appended to it anew. */
export interface ClosedLog {
  readonly log: LogId;
  /** The last position of it that is part of the present log's history; 0 where nothing of it is. */
  readonly position: Position;
  /** Marks of that part, falling; the first is the one at `position`. None where nothing of it is part of that history. */
  readonly marks: readonly ClosedMark[];
}

export interface ClosedMark {
  readonly position: Position;
  readonly mark: Mark;
}

export interface Manifest {
  readonly generation: Generation;
  /** The generation to load if a chunk of the newest one is gone. */
  readonly before: Generation | undefined;
  readonly closedLogs: readonly ClosedLog[];
}

export interface ListedGeneration {
  readonly name: GenerationName;
  readonly chunks: number;
}

/** A log that begins where another one is closed. */
export interface LogBeginning {
  /** Its generation begins the log, at position 0; the log that is closed is among its closed logs. */
  readonly manifest: Manifest;
  /** Where the log ends: at its last entry that was prepared, or at position 0. */
  readonly head: Head;
  /** Last number by origin as of there. */
  readonly origins: ReadonlyMap<Origin, number>;
  /** Where the log that is closed ends; undefined where there is none. */
  readonly over: Head | undefined;
}

/** `snapshot`: who writes a generation. `heal`: who heals. */
export type LeaseKind = 'snapshot' | 'heal';

export interface Snapshots {
  /**
   * P20. What the manifest says now; undefined where there is none.
   * @throws {MalformedBytesError} @throws {UnknownFormatError} it does not decode
   */
  manifest(): Promise<Manifest | undefined>;

  /**
   * P21. Lists a generation that is going to be written, in one step that does nothing unless the lease `snapshot` has this token.
   * @returns those that were listed before it, or undefined where the lease is somebody else's or nobody's
   */
  list(generation: ListedGeneration, lease: string): Promise<readonly ListedGeneration[] | undefined>;

  /** P22. Puts a chunk in the place of one that may be there; it is gone after so many milliseconds, unless it is made permanent. */
  putChunk(generation: GenerationName, index: number, bytes: Uint8Array, keepMilliseconds: number): Promise<void>;

  /**
   * P22. Lets no chunk of a generation expire any more. Which of them were reached when it fails is not told; it may be repeated.
   * @returns false where one of them is not there
   */
  makePermanent(generation: ListedGeneration): Promise<boolean>;

  /**
   * P20. Puts the manifest in the place of the one that is there, in one step that does nothing unless the lease `snapshot` has
   * this token and the sender stands in the log's history (P6, as an append).
   * @param seen where the sender stands: at the generation's beginning, or after it
   * @returns false where the lease is somebody else's or nobody's
   * @throws {LogReplacedError} the sender does not stand in the log's history
   */
  name(manifest: Manifest, seen: Head, lease: string): Promise<boolean>;

  /**
   * P24. Removes all entries of the log that end at a position or before it, in one step that does nothing unless the manifest's
   * newest generation has this name and the sender stands in the log's history (P6). The head stays, also where no entry
   * does. P25. While a log that was made on an empty site is kept (Log.create), nothing is removed.
   * @returns false where nothing was done: it is kept, or another generation was named meanwhile
   * @throws {LogReplacedError} the sender does not stand in the log's history
   */
  trim(upTo: Position, generation: GenerationName, seen: Head): Promise<boolean>;

  /**
   * P23. Deletes all chunks of a generation, then takes it off the list; may be repeated. Only for who knows that no manifest
   * names it and none ever will: it was listed before the caller's own, and the caller's own was named since.
   */
  delete(generation: ListedGeneration): Promise<void>;

  /** A chunk's bytes, unchecked; undefined where it is gone. */
  readChunk(generation: GenerationName, index: number): Promise<Uint8Array | undefined>;

  /** P19. Takes a lease that nobody holds, under a random token, for so many milliseconds. @returns false where somebody holds it */
  takeLease(kind: LeaseKind, token: string, milliseconds: number): Promise<boolean>;
  /** Lets it run so many milliseconds from now on. Never makes one. @returns false where it has another token, or is over */
  renewLease(kind: LeaseKind, token: string, milliseconds: number): Promise<boolean>;
  /** Ends it where it still has this token. */
  releaseLease(kind: LeaseKind, token: string): Promise<void>;

  /**
   * P46. Writes entries of a log that is going to begin, each in the place of one that may be there. They are gone after so
   * many milliseconds, unless it begins.
   */
  prepareLog(entries: readonly LogEntry[], keepMilliseconds: number): Promise<void>;

  /**
   * P47. Closes the log that is there and begins the one that was prepared, in one step that does nothing unless the lease `heal`
   * has this token, the log that is there still ends where the sender read it to its end, and what was prepared ends where it
   * says. Nobody's secret is kept: no origin is claimed that was noted before.
   * @returns false where nothing was done
   */
  beginLog(beginning: LogBeginning, lease: string): Promise<boolean>;
}
