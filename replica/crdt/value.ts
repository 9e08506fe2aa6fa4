/** What a register holds: the values themselves, their order across types, and nothing of JSON's spelling of them. */

/** Stands in a register for an attachment; in JSON it is `{"$attachment": id}`. */
export class AttachmentToken {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

/** An object as a value: own enumerable keys, null prototype. */
export interface ValueObject {
  readonly [key: string]: Value;
}

/** A bigint is always an integer outside +-(2^53-1), within int64 or uint64; integers within are numbers. Numbers are finite. */
export type Value = null | boolean | number | bigint | string | AttachmentToken | readonly Value[] | ValueObject;

export function isValueObject(_value: Value | undefined): _value is ValueObject {
  throw new Error('pending');
}

/** The order of the contract across types: nothing, null, false, true, numbers, strings by code point, arrays, objects, attachments. */
export function compareValues(_a: Value | undefined, _b: Value | undefined): number {
  throw new Error('pending');
}

export function equalValues(_a: Value | undefined, _b: Value | undefined): boolean {
  throw new Error('pending');
}
