/**
 * The keys of the tables in a data folder: bytes that sort as ranges need, and far shorter than LMDB's limit of 1,978.
 */
import { MalformedBytesError } from '../../errors.ts';

export const numberBytes = 8;

/** Keys sort in the order of the numbers. */
export function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(numberBytes);
  key.writeBigUInt64BE(BigInt(number));
  return key;
}

/** @throws {MalformedBytesError} */
export function numberOfKey(key: Buffer): number {
  const number = key.length === numberBytes ? Number(key.readBigUInt64BE()) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new MalformedBytesError(`the key ${key.toString('hex')} is not a number`);
  return number;
}

/** All numbers of one name are adjacent and in order: names are ASCII without zero bytes. */
export function nameAndNumberKey(name: string, number: number): Buffer {
  return Buffer.concat([Buffer.from(`${name}\0`), numberKey(number)]);
}

/** @throws {MalformedBytesError} */
export function nameAndNumberOfKey(key: Buffer): { name: string; number: number } {
  const split = key.length - numberBytes - 1;
  if (split < 1 || key[split] !== 0) throw new MalformedBytesError(`the key ${key.toString('hex')} has no name`);
  return { name: key.toString('latin1', 0, split), number: numberOfKey(key.subarray(split + 1)) };
}

/**
 * Documents of one collection are adjacent, sorted by id. The length of the collection's name comes first, so no byte
 * is a separator.
 */
export function documentKey(collection: string, id: string): Buffer {
  const nameBytes = Buffer.byteLength(collection);
  const key = Buffer.allocUnsafe(2 + nameBytes + Buffer.byteLength(id));
  key.writeUInt16BE(nameBytes);
  key.write(collection, 2);
  key.write(id, 2 + nameBytes);
  return key;
}

/** @throws {MalformedBytesError} */
export function documentOfKey(key: Buffer): { collection: string; id: string } {
  const length = key.length < 2 ? Number.POSITIVE_INFINITY : key.readUInt16BE();
  if (2 + length >= key.length) throw new MalformedBytesError(`the key ${key.toString('hex')} names no document`);
  return { collection: key.toString('utf8', 2, 2 + length), id: key.toString('utf8', 2 + length) };
}
