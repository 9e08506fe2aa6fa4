/**
 * Defines the Redis scripts as ioredis commands. Their text is in TypeScript modules, so that the build needs no copy
 * step.
 */
import type { Redis, Result } from 'ioredis';
import { appendScript } from './append.lua.ts';
import { mendHeadScript, mendOriginsScript } from './mending.lua.ts';
import {
  beginLogScript,
  listScript,
  nameScript,
  prepareLogScript,
  releaseLeaseScript,
  renewLeaseScript,
  takeLeaseScript,
  trimScript,
} from './snapshots.lua.ts';
import { headFunctions, typeFunctions } from './standing.lua.ts';

/**
 * P81. The head, atomically compared with the stream. KEYS: log, the stream of an id. ARGV: that id. Returns id,
 * position, mark and format of the head; then 1 if it is at the end of the stream, 0 if it is not or if the id is another.
 */
const headScript = `${headFunctions}
local head = head_of(KEYS[1])
local is_there = head[1] == ARGV[1] and head[2] and head[3] and fits(KEYS[2], head[1], head[2], head[3])
return {head[1], head[2], head[3], head[4], is_there and 1 or 0}
`;

/**
 * Creates a log if there is none; P25. P7: its first write is one that Redis refuses when it takes none. KEYS: log,
 * origins, manifest, the key that keeps the log. ARGV: id, mark at its start, milliseconds to keep it. Returns the
 * head: id, position, mark.
 */
const createScript = `
local head = redis.call('HMGET', KEYS[1], 'id', 'position', 'mark')
if head[1] then return head end
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'position', '0', 'mark', ARGV[2])
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
redis.call('HDEL', KEYS[1], 'format')
if tonumber(ARGV[3]) > 0 then redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[3]) end
return {ARGV[1], '0', ARGV[2]}
`;

/** P83. KEYS: log. ARGV: the log's id, a format. Returns 1 if the site is written in that format from now on, else 0. */
const raiseFormatScript = `${headFunctions}
local head = head_of(KEYS[1])
if head[1] ~= ARGV[1] or tonumber(format_of(head[4])) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'format', ARGV[2])
return 1
`;

/** P9. KEYS: origins. ARGV: origin, the expected number and secret, and the new ones. Returns 1 or 0. */
const claimScript = `${typeFunctions}
if holds_other(KEYS[1]) then return 0 end
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
`;

/**
 * P8. Reads head and entries atomically. KEYS: log, a stream. ARGV: position after which to read, maximum of entries,
 * bytes at which to stop. Returns id, position, mark, format, then for each entry its id in the stream and its bytes.
 */
const readScript = `${headFunctions}
local answer = head_of(KEYS[1])
local from, bytes = ARGV[1] .. '-0', 0
for _ = 1, tonumber(ARGV[2]) do
  local found = redis.call('XRANGE', KEYS[2], '(' .. from, '+', 'COUNT', 1)[1]
  if not found then break end
  from = found[1]
  local entry = found[2][1] == 'entry' and found[2][2] or ''
  answer[#answer + 1], answer[#answer + 2] = from, entry
  bytes = bytes + #entry
  if bytes >= tonumber(ARGV[3]) then break end
end
return answer
`;

/** A variable number of arguments. It is passed as one array, as the stack limits the arguments of a call. */
type Arguments = readonly (string | number | Buffer)[];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    tidelineAppend(log: string, stream: string, origins: string, sent: Buffer): Result<unknown, Context>;
    tidelineCreate(
      log: string,
      origins: string,
      manifest: string,
      kept: string,
      id: string,
      mark: string,
      keepMilliseconds: number,
    ): Result<unknown, Context>;
    tidelineHead(log: string, stream: string, id: string): Result<unknown, Context>;
    tidelineRaiseFormat(log: string, id: string, format: number): Result<unknown, Context>;
    tidelineMendHead(
      log: string,
      stream: string,
      ...foundAndEnd: (string | number | Buffer)[]
    ): Result<unknown, Context>;
    tidelineMendOrigins(
      log: string,
      origins: string,
      id: string,
      position: number,
      mark: string,
      numbers: Arguments,
    ): Result<unknown, Context>;
    tidelineTakeLease(lease: string, token: string, milliseconds: number): Result<unknown, Context>;
    tidelinePrepareLog(stream: string, keepMilliseconds: number, entries: Arguments): Result<unknown, Context>;
    tidelineBeginLog(
      log: string,
      closedStream: string,
      stream: string,
      origins: string,
      manifestKey: string,
      lease: string,
      kept: string,
      token: string,
      ...rest: (string | number | Buffer | Arguments)[]
    ): Result<unknown, Context>;
    tidelineRenewLease(lease: string, token: string, milliseconds: number): Result<unknown, Context>;
    tidelineReleaseLease(lease: string, token: string): Result<unknown, Context>;
    tidelineList(
      lease: string,
      generations: string,
      token: string,
      generation: string,
      chunks: number,
    ): Result<unknown, Context>;
    tidelineName(
      log: string,
      stream: string,
      lease: string,
      manifestKey: string,
      seenLog: string,
      seenPosition: number,
      seenMark: string,
      token: string,
      generation: string,
      manifest: Uint8Array,
    ): Result<unknown, Context>;
    tidelineTrim(
      log: string,
      stream: string,
      manifestKey: string,
      kept: string,
      seenLog: string,
      seenPosition: number,
      seenMark: string,
      generation: string,
      upTo: number,
      positionsAtOnce: number,
    ): Result<unknown, Context>;
    tidelineClaim(origins: string, origin: string, expected: string, next: string): Result<unknown, Context>;
    tidelineReadBuffer(
      log: string,
      stream: string,
      after: number,
      limit: number,
      bytes: number,
    ): Result<unknown, Context>;
  }
}

export function defineScripts(redis: Redis): void {
  redis.defineCommand('tidelineAppend', { numberOfKeys: 3, lua: appendScript });
  redis.defineCommand('tidelineCreate', { numberOfKeys: 4, lua: createScript });
  redis.defineCommand('tidelineClaim', { numberOfKeys: 1, lua: claimScript });
  redis.defineCommand('tidelineRead', { numberOfKeys: 2, lua: readScript, readOnly: true });
  redis.defineCommand('tidelineHead', { numberOfKeys: 2, lua: headScript, readOnly: true });
  redis.defineCommand('tidelineRaiseFormat', { numberOfKeys: 1, lua: raiseFormatScript });
  redis.defineCommand('tidelineMendHead', { numberOfKeys: 2, lua: mendHeadScript });
  redis.defineCommand('tidelineMendOrigins', { numberOfKeys: 2, lua: mendOriginsScript });
  redis.defineCommand('tidelineTakeLease', { numberOfKeys: 1, lua: takeLeaseScript });
  redis.defineCommand('tidelinePrepareLog', { numberOfKeys: 1, lua: prepareLogScript });
  redis.defineCommand('tidelineBeginLog', { numberOfKeys: 7, lua: beginLogScript });
  redis.defineCommand('tidelineRenewLease', { numberOfKeys: 1, lua: renewLeaseScript });
  redis.defineCommand('tidelineReleaseLease', { numberOfKeys: 1, lua: releaseLeaseScript });
  redis.defineCommand('tidelineList', { numberOfKeys: 2, lua: listScript });
  redis.defineCommand('tidelineName', { numberOfKeys: 4, lua: nameScript });
  redis.defineCommand('tidelineTrim', { numberOfKeys: 4, lua: trimScript });
}
