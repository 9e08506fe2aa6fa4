/**
 * Causality tokens: the version that a response shows, as text that is opaque to clients. docs/internals/protocol.md,
 * section "Tokens".
 */
import { BadUserInputError } from '../errors.ts';
import type { LogId, Origin, Position, Time } from './crdt/version.ts';

export interface Token {
  readonly log: LogId;
  readonly position: Position;
  /** The first eight hex digits (four bytes) of the chain hash at the position. */
  readonly mark: string;
  /** The last numbers by origin of visible transactions that are in no log yet. */
  readonly journaled: ReadonlyMap<Origin, number>;
  /** True if the issuing replica had evicted documents: the holder may not have seen everything up to the position. */
  readonly evicted: boolean;
  /** Only in tokens of `changes`. */
  readonly told?: Told | undefined;
}

/** The progress of a client that keeps a copy. docs/internals/live-queries.md, L51. */
export interface Told {
  /** Undefined: the client has everything that the token shows. */
  readonly place: { readonly position: Position; readonly id: string } | undefined;
  /** The position up to which the client started from nothing and knows only what it was sent; 0 if it had a copy. */
  readonly begun: Position;
  /** The newest time in the log when the client had got everything, or started. */
  readonly time: Time;
  /** The number of evictions at the issuing replica by then, counted within the process named below. */
  readonly evictions: number;
  readonly process: string;
}

export const tokenMarkDigits = 8;

const pattern =
  /^1 ([A-Za-z0-9_-]{1,64}) (\d{1,16}) ([0-9a-f]{8})((?: [A-Za-z0-9._-]{1,80}:\d{1,16})*)( evicted)?(?: told (\d{1,16}) (\d{1,16}) (\d{1,16}) ([0-9a-f]{32})(?: (\d{1,16}) ([A-Za-z0-9_-]{0,2048}))?)?$/;
const maximumCharacters = 16 * 1024;

/** Called for each transaction, so it must be fast. */
export function encodeToken({ log, position, mark, journaled, evicted, told }: Token): string {
  let text = `1 ${log} ${position} ${mark}`;
  for (const [origin, number] of journaled) text += ` ${origin}:${number}`;
  if (evicted) text += ' evicted';
  if (told) text += spellTold(told);
  return Buffer.from(text, 'latin1').toString('base64url');
}

function spellTold({ place, begun, time, evictions, process }: Told): string {
  const text = ` told ${begun} ${time} ${evictions} ${process}`;
  return place === undefined ? text : `${text} ${place.position} ${Buffer.from(place.id).toString('base64url')}`;
}

/** @throws {BadUserInputError} names `argument` */
export function decodeToken(text: string, argument: string): Token {
  const match =
    text.length <= maximumCharacters ? pattern.exec(Buffer.from(text, 'base64url').toString('latin1')) : null;
  const [, log, position, mark, journaled, evicted] = match ?? [];
  if (log === undefined || mark === undefined || !Number.isSafeInteger(Number(position)))
    throw new BadUserInputError(argument, 'is not a causality token: pass one from a response, or none');
  const numbers = new Map<Origin, number>();
  for (const part of (journaled ?? '').split(' ').filter((text) => text !== '')) {
    const colon = part.lastIndexOf(':');
    numbers.set(part.slice(0, colon), Number(part.slice(colon + 1)));
  }
  return {
    log,
    position: Number(position),
    mark,
    journaled: numbers,
    evicted: evicted !== undefined,
    told: toldIn(match),
  };
}

function toldIn(match: RegExpExecArray | null): Told | undefined {
  const [begun, time, evictions, process, position, id] = match?.slice(6) ?? [];
  if (process === undefined) return undefined;
  const place =
    id === undefined ? undefined : { position: Number(position), id: Buffer.from(id, 'base64url').toString() };
  return { place, begun: Number(begun), time: Number(time), evictions: Number(evictions), process };
}
