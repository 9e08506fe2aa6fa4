/** Causality tokens: opaque to clients; what an answer shows, as text. docs/internals/protocol.md, section "Tokens". */
import { BadUserInputError } from '../errors.ts';
import type { LogId, Origin, Position, Time } from './crdt/version.ts';

export interface Token {
  readonly log: LogId;
  readonly position: Position;
  /** The first eight hex digits (four bytes) of the mark there. */
  readonly mark: string;
  /** Numbers by origin that are shown and in no log yet. */
  readonly journaled: ReadonlyMap<Origin, number>;
  /** True where documents were evicted at the replica that gave it: its holder may not have seen all that the position has. */
  readonly evicted: boolean;
  /** Of `changes`; undefined in all others. */
  readonly told?: Told | undefined;
}

/** Up to where a client that keeps a copy was told what changed. docs/internals/live-queries.md, L51. */
export interface Told {
  /** Undefined: all that the token shows. */
  readonly place: { readonly position: Position; readonly id: string } | undefined;
  /** Up to where the client had nothing but what it was told since; 0 where it had something. */
  readonly begun: Position;
  /** The newest in the log when the client was told all, or began. */
  readonly time: Time;
  /** How many evictions there had been where it was told, by a name of that process. */
  readonly evictions: number;
  readonly process: string;
}

export const tokenMarkDigits = 8;

const pattern =
  /^1 ([A-Za-z0-9_-]{1,64}) (\d{1,16}) ([0-9a-f]{8})((?: [A-Za-z0-9._-]{1,80}:\d{1,16})*)( evicted)?(?: told (\d{1,16}) (\d{1,16}) (\d{1,16}) ([0-9a-f]{32})(?: (\d{1,16}) ([A-Za-z0-9_-]{0,2048}))?)?$/;
const maximumCharacters = 16 * 1024;

/** Made for each transaction. */
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

/** @throws {BadUserInputError} naming `argument` */
export function decodeToken(text: string, argument: string): Token {
  const match =
    text.length <= maximumCharacters ? pattern.exec(Buffer.from(text, 'base64url').toString('latin1')) : null;
  const [, log, position, mark, journaled, evicted] = match ?? [];
  if (log === undefined || mark === undefined || !Number.isSafeInteger(Number(position)))
    throw new BadUserInputError(argument, 'is no causality token: pass one as an answer gave it, or none');
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
