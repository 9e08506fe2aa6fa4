/**
 * Which documents were removed, and where in the log: no part of merging, kept so that whoever was away for a while can be
 * told of them. P28. Kept for limits.removedMilliseconds by the newest time in the log, so that every replica keeps the same.
 */
import { limits } from '../../limits.ts';
import { millisecondsOf } from '../crdt/clock.ts';
import type { Position, Time } from '../crdt/version.ts';
import type { RemovedDocument } from '../log/log.ts';
import { DocumentMap } from './document-map.ts';

interface Removal {
  readonly position: Position;
  /** The newest in the log then. */
  readonly time: Time;
}

export class RemovedDocuments {
  /** Position of the newest that was forgotten here. */
  forgottenUpTo: Position = 0;
  /** In each collection about in the order of their removal. */
  readonly #removals = new DocumentMap<Removal>();
  #newest: Time = 0;

  add({ collection, id, position, time }: RemovedDocument): void {
    this.#removals.delete(collection, id);
    this.#removals.set(collection, id, { position, time });
    this.#dropOld(collection);
  }

  /** It is there again. */
  delete(collection: string, id: string): void {
    this.#removals.delete(collection, id);
  }

  get(collection: string, id: string): RemovedDocument | undefined {
    const removal = this.#removals.get(collection, id);
    return removal && !this.#isOld(removal) ? { collection, id, ...removal } : undefined;
  }

  has(collection: string, id: string): boolean {
    return this.#removals.has(collection, id);
  }

  ofCollection(collection: string): Iterable<readonly [id: string, removal: Removal]> {
    return this.#removals.ofCollection(collection);
  }

  /** The removal of a document, even one that is about to be forgotten. */
  positionOf(collection: string, id: string): Position | undefined {
    return this.#removals.get(collection, id)?.position;
  }

  /** The newest time in the log, as far as it is known. */
  get newest(): Time {
    return this.#newest;
  }

  /** The time of a transaction in the log. */
  sees(time: Time): void {
    if (time > this.#newest) this.#newest = time;
  }

  *keys(): Generator<readonly [collection: string, id: string]> {
    for (const [collection, id] of this.#removals) yield [collection, id];
  }

  #dropOld(collection: string): void {
    for (const [id, removal] of this.#removals.ofCollection(collection)) {
      if (!this.#isOld(removal)) return;
      this.#removals.delete(collection, id);
      this.forgottenUpTo = Math.max(this.forgottenUpTo, removal.position);
    }
  }

  #isOld({ time }: Removal): boolean {
    return !this.reachBackTo(time);
  }

  /** Whether all that were removed since a time that was the newest in the log are known. */
  reachBackTo(time: Time): boolean {
    return millisecondsOf(this.#newest) - millisecondsOf(time) <= limits.removedMilliseconds;
  }
}
