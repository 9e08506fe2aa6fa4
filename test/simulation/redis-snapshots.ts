/** What Redis holds of a site's snapshots: manifest, list of generations, chunks and leases with their expiry. */

import type { Head, Position } from '../../replica/crdt/version.ts';
import { decodeManifest, encodeManifest } from '../../replica/log/manifest.ts';
import type { LeaseKind, ListedGeneration, Manifest } from '../../replica/log/snapshots.ts';

interface Kept<Value> {
  readonly value: Value;
  /** On the server's clock. */
  readonly until: number;
}

export interface SnapshotContents {
  readonly manifest: Uint8Array | undefined;
  readonly listed: ReadonlyMap<string, number>;
  /** By generation and number. */
  readonly chunks: ReadonlyMap<string, Kept<Uint8Array>>;
  readonly leases: ReadonlyMap<LeaseKind, Kept<string>>;
  readonly logKeptUntil: number;
}

export const emptySnapshots: SnapshotContents = {
  manifest: undefined,
  listed: new Map(),
  chunks: new Map(),
  leases: new Map(),
  logKeptUntil: 0,
};

export interface SnapshotParts {
  readonly now: () => number;
  /** @throws {LogUnavailableError} */
  readonly checkRoom: () => void;
  /** P6. @throws {LogReplacedError} */
  readonly checkSeen: (seen: Head) => void;
  readonly trim: (upTo: Position) => void;
}

export class SimulatedSnapshots {
  readonly #parts: SnapshotParts;
  #manifest: Uint8Array | undefined;
  #listed = new Map<string, number>();
  #chunks = new Map<string, Kept<Uint8Array>>();
  #leases = new Map<LeaseKind, Kept<string>>();
  #logKeptUntil = 0;
  /** How often a generation was named, ever. */
  named = 0;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  /** A log is made where there was none. */
  beginLog(keepMilliseconds: number): void {
    this.#manifest = undefined;
    this.#logKeptUntil = this.#parts.now() + keepMilliseconds;
  }

  /** A log is begun where another was closed. */
  begin(manifest: Manifest): void {
    this.#manifest = encodeManifest(manifest);
    this.#logKeptUntil = 0;
  }

  manifest(): Manifest | undefined {
    return this.#manifest && decodeManifest(this.#manifest);
  }

  list({ name, chunks }: ListedGeneration, lease: string): readonly ListedGeneration[] | undefined {
    if (!this.holds('snapshot', lease)) return undefined;
    this.#parts.checkRoom();
    const before = [...this.#listed].map(([listed, count]) => ({ name: listed, chunks: count }));
    this.#listed.set(name, chunks);
    return before;
  }

  putChunk(generation: string, index: number, bytes: Uint8Array, keepMilliseconds: number): void {
    this.#parts.checkRoom();
    this.#chunks.set(`${generation} ${index}`, { value: bytes, until: this.#parts.now() + keepMilliseconds });
  }

  makePermanent(generation: string, index: number): boolean {
    const bytes = this.readChunk(generation, index);
    if (!bytes) return false;
    this.#chunks.set(`${generation} ${index}`, { value: bytes, until: Number.POSITIVE_INFINITY });
    return true;
  }

  name(manifest: Manifest, seen: Head, lease: string): boolean {
    this.#parts.checkSeen(seen);
    if (!this.holds('snapshot', lease)) return false;
    this.#parts.checkRoom();
    this.#manifest = encodeManifest(manifest);
    this.named += 1;
    return true;
  }

  trim(upTo: Position, generation: string, seen: Head): boolean {
    this.#parts.checkSeen(seen);
    if (this.manifest()?.generation.name !== generation || this.#logKeptUntil > this.#parts.now()) return false;
    this.#parts.trim(upTo);
    return true;
  }

  deleteChunk(generation: string, index: number): void {
    this.#chunks.delete(`${generation} ${index}`);
  }

  unlist(generation: string): void {
    this.#listed.delete(generation);
  }

  readChunk(generation: string, index: number): Uint8Array | undefined {
    const chunk = this.#chunks.get(`${generation} ${index}`);
    return chunk && chunk.until > this.#parts.now() ? chunk.value : undefined;
  }

  takeLease(kind: LeaseKind, token: string, milliseconds: number): boolean {
    if ((this.#leases.get(kind)?.until ?? 0) > this.#parts.now()) return false;
    this.#parts.checkRoom();
    this.#leases.set(kind, { value: token, until: this.#parts.now() + milliseconds });
    return true;
  }

  renewLease(kind: LeaseKind, token: string, milliseconds: number): boolean {
    if (!this.holds(kind, token)) return false;
    this.#leases.set(kind, { value: token, until: this.#parts.now() + milliseconds });
    return true;
  }

  releaseLease(kind: LeaseKind, token: string): void {
    if (this.holds(kind, token)) this.#leases.delete(kind);
  }

  /** One chunk of the newest generation is gone, unless that left nothing to load. @returns whether it is */
  loseChunk(pick: (count: number) => number): boolean {
    const { generation, before } = this.manifest() ?? {};
    if (!generation || !before || ![generation, before].every((one) => this.#isWhole(one))) return false;
    this.deleteChunk(generation.name, pick(generation.chunks));
    return true;
  }

  #isWhole({ name, chunks }: ListedGeneration): boolean {
    return Array.from({ length: chunks }, (_, index) => index).every((index) => this.readChunk(name, index));
  }

  get contents(): SnapshotContents {
    return {
      manifest: this.#manifest,
      listed: new Map(this.#listed),
      chunks: new Map(this.#chunks),
      leases: new Map(this.#leases),
      logKeptUntil: this.#logKeptUntil,
    };
  }

  setBack({ manifest, listed, chunks, leases, logKeptUntil }: SnapshotContents): void {
    this.#manifest = manifest;
    this.#listed = new Map(listed);
    this.#chunks = new Map(chunks);
    this.#leases = new Map(leases);
    this.#logKeptUntil = logKeptUntil;
  }

  holds(kind: LeaseKind, token: string): boolean {
    const lease = this.#leases.get(kind);
    return lease !== undefined && lease.value === token && lease.until > this.#parts.now();
  }
}
