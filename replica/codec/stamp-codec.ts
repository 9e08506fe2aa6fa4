/**
 * Stamps as bytes: each in full where it stands first, as its difference from the one before; after that by how many were
 * met since. docs/internals/codec.md, section "Documents".
 */

import { equalStamps, isSameWriter, makeStamp, type Stamp } from '../crdt/stamp.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { sharedName } from './shared-names.ts';
import { readOrigin } from './value-codec.ts';

const flags = {
  isDefault: 1,
  inLog: 2,
  sameOrigin: 4,
  sameLog: 8,
  lowerPosition: 16,
  lowerNumber: 32,
  lowerTime: 64,
} as const;
const allFlags = 127;

/** From so many stamps on, an index is faster than looking. */
const indexedStamps = 16;
/** So many with one number are looked at: a stamp that is not found is written in full once more. */
const lookedAt = 8;

/** The stamp before, against which the next one is encoded as a difference. */
interface Before {
  log: string | undefined;
  position: number;
  origin: string | undefined;
  number: number;
  time: number;
}

const nothingBefore = (): Before => ({ log: undefined, position: 0, origin: undefined, number: 0, time: 0 });

/** Stamps in the order in which they were first written. */
export class StampWriter {
  #stamps: Stamp[] = [];
  /** The last one with a number, and of each the one before it with the same number; -1 where there is none. */
  #lastByNumber: Map<number, number> | undefined;
  #sameNumberBefore: number[] = [];
  #before = nothingBefore();

  clear(): void {
    this.#stamps = [];
    this.#lastByNumber = undefined;
    this.#sameNumberBefore = [];
    this.#before = nothingBefore();
  }

  /** 0: it was not written yet. Else how many were first written since, itself among them. */
  referenceTo(stamp: Stamp): number {
    const stamps = this.#stamps;
    const count = stamps.length;
    if (stamps[count - 1] === stamp) return 1;
    if (this.#lastByNumber === undefined) {
      for (let index = count - 1; index >= 0; index--) {
        const other = stamps[index];
        if (other === stamp || (other && equalStamps(other, stamp))) return count - index;
      }
      return 0;
    }
    let index = this.#lastByNumber.get(stamp.number) ?? -1;
    for (let left = lookedAt; left > 0 && index >= 0; left--) {
      const other = stamps[index];
      if (other && equalStamps(other, stamp)) return count - index;
      index = this.#sameNumberBefore[index] ?? -1;
    }
    return 0;
  }

  /** Writes what comes after the reference 0. */
  writeNew(writer: ByteWriter, stamp: Stamp): void {
    this.#remember(stamp);
    const { log, position, origin, number, time, isDefault } = stamp;
    const before = this.#before;
    const sameOrigin = origin === before.origin;
    const sameLog = log === before.log;
    const inLog = log !== undefined;
    writer.byte(
      (isDefault ? flags.isDefault : 0) +
        (inLog ? flags.inLog : 0) +
        (sameOrigin ? flags.sameOrigin : 0) +
        (inLog && sameLog ? flags.sameLog : 0) +
        (inLog && position < before.position ? flags.lowerPosition : 0) +
        (number < before.number ? flags.lowerNumber : 0) +
        (!isDefault && time < before.time ? flags.lowerTime : 0),
    );
    if (inLog) {
      if (!sameLog) writer.string(log);
      writer.varint(Math.abs(position - before.position));
      before.log = log;
      before.position = position;
    }
    if (!sameOrigin) writer.string(origin);
    writer.varint(Math.abs(number - before.number));
    before.origin = origin;
    before.number = number;
    if (isDefault) return;
    writer.varint(Math.abs(time - before.time));
    before.time = time;
  }

  /** Writes a document's last writer, usually as a reference to a recent stamp of the same writer. */
  writeLastWriter(writer: ByteWriter, lastWriter: Stamp): void {
    const stamps = this.#stamps;
    for (let distance = 1; distance <= indexedStamps && distance <= stamps.length; distance++) {
      const stamp = stamps[stamps.length - distance];
      if (stamp === undefined || !isSameWriter(stamp, lastWriter)) continue;
      writer.varint(distance);
      return;
    }
    writer.varint(0);
    this.writeNew(writer, lastWriter);
  }

  #remember(stamp: Stamp): void {
    const index = this.#stamps.push(stamp) - 1;
    if (this.#lastByNumber === undefined) {
      if (index < indexedStamps) return;
      this.#lastByNumber = new Map();
      for (const [at, { number }] of this.#stamps.entries()) this.#enter(this.#lastByNumber, at, number);
    } else this.#enter(this.#lastByNumber, index, stamp.number);
  }

  #enter(lastByNumber: Map<number, number>, index: number, number: number): void {
    this.#sameNumberBefore[index] = lastByNumber.get(number) ?? -1;
    lastByNumber.set(number, index);
  }
}

export class StampReader {
  readonly #stamps: Stamp[] = [];
  readonly #before = nothingBefore();

  /** The one that was new last. */
  get last(): Stamp | undefined {
    return this.#stamps.at(-1);
  }

  read(reader: ByteReader): Stamp {
    return this.of(reader, reader.varint());
  }

  /** @param reference was read already */
  of(reader: ByteReader, reference: number): Stamp {
    const stamp = reference === 0 ? this.#readNew(reader) : this.#stamps[this.#stamps.length - reference];
    if (stamp === undefined) throw reader.malformed('a stamp refers to one that does not exist');
    return stamp;
  }

  /** @param hasPlace in former formats a last writer that no stamp has is a name alone */
  readLastWriter(reader: ByteReader, hasPlace: boolean): Stamp {
    const reference = reader.varint();
    if (reference > 0 || hasPlace) return this.of(reader, reference);
    return makeStamp(undefined, 0, readOrigin(reader, reader.string()), reader.varint(), 0, true);
  }

  #readNew(reader: ByteReader): Stamp {
    const has = reader.byte();
    if (has > allFlags) throw reader.malformed(`a stamp has the unknown flags ${has}`);
    const before = this.#before;
    const isDefault = (has & flags.isDefault) !== 0;
    const inLog = (has & flags.inLog) !== 0;
    if (inLog) {
      before.log = has & flags.sameLog ? before.log : sharedName(reader.string());
      before.position = readDifferent(reader, before.position, has & flags.lowerPosition);
    }
    const origin = has & flags.sameOrigin ? before.origin : readOrigin(reader, reader.string());
    if (origin === undefined || (inLog && before.log === undefined)) throw reader.malformed('no stamp is before this');
    before.origin = origin;
    before.number = readDifferent(reader, before.number, has & flags.lowerNumber);
    if (!isDefault) before.time = readDifferent(reader, before.time, has & flags.lowerTime);
    const { number, time } = before;
    const stamp = makeStamp(
      inLog ? before.log : undefined,
      inLog ? before.position : 0,
      origin,
      number,
      time,
      isDefault,
    );
    this.#stamps.push(stamp);
    return stamp;
  }
}

function readDifferent(reader: ByteReader, before: number, isLower: number): number {
  const difference = reader.varint();
  const value = isLower === 0 ? before + difference : before - difference;
  if (value < 0 || value > Number.MAX_SAFE_INTEGER) throw reader.malformed('an integer is out of its range');
  return value;
}
