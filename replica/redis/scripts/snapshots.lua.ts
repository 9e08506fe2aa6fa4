/**
 * Scripts for leases and snapshots. P7 holds for each: what can fail comes first, and Redis refuses the first write if
 * it takes none.
 */
import { standingFunctions, typeFunctions } from './standing.lua.ts';

/** P81. A value under one of our keys that is not a hash is not ours, and is deleted. */
const makeHash = `${typeFunctions}
local function make_hash(key)
  if holds_other(key) then redis.call('DEL', key) end
end
`;

/**
 * P19, P64. A key without an expiry is not a lease, as it would be held for ever.
 * KEYS: lease. ARGV: token, milliseconds. Returns 1, or 0 if another holds the lease.
 */
export const takeLeaseScript = `
if redis.call('PTTL', KEYS[1]) >= 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;

/** P19. KEYS: lease. ARGV: token, milliseconds. Returns 1, or 0 if the lease is not held with this token. */
export const renewLeaseScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`;

/** P19. KEYS: lease. ARGV: token. */
export const releaseLeaseScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`;

/**
 * P21. Removes malformed members from the list, as no one could delete their chunks.
 * KEYS: lease, list of generations. ARGV: token, generation, its number of chunks.
 * Returns {'LOST'}, or {'LISTED', then generation and number of chunks of each that was listed before}.
 */
export const listScript = `
${makeHash}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'LOST'} end
make_hash(KEYS[2])
local listed = redis.call('HGETALL', KEYS[2])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
local answer = {'LISTED'}
for index = 1, #listed, 2 do
  local name, chunks = listed[index], listed[index + 1]
  if #name ~= 32 or string.find(name, '[^0-9a-f]') or not string.find(chunks, '^[1-9]%d?%d?%d?%d?%d?$') then
    redis.call('HDEL', KEYS[2], name)
  elseif name ~= ARGV[2] then
    answer[#answer + 1], answer[#answer + 2] = name, chunks
  end
end
return answer
`;

/**
 * P20. KEYS: log, its stream, lease, manifest. ARGV: the sender's log, position and mark; token, generation, the
 * manifest. Returns {'NAMED'}, {'LOST'}, or the problem that `standing` returns.
 */
export const nameScript = `${standingFunctions}
${makeHash}
local problem = standing(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
if problem then return problem end
if redis.call('GET', KEYS[3]) ~= ARGV[4] then return {'LOST'} end
make_hash(KEYS[4])
redis.call('HSET', KEYS[4], 'generation', ARGV[5], 'manifest', ARGV[6])
return {'NAMED'}
`;

/**
 * P24, P25. Trims a limited number of positions at once, as all clients wait meanwhile.
 * KEYS: log, its stream, manifest, the key that keeps the log. ARGV: the sender's log, position and mark; generation,
 * position up to which to trim, positions at once. Returns {'TRIMMED'}, {'MORE'}, {'KEPT'}, or the problem that
 * `standing` returns.
 */
export const trimScript = `${standingFunctions}
local problem = standing(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
if problem then return problem end
if holds_other(KEYS[3]) or redis.call('HGET', KEYS[3], 'generation') ~= ARGV[4] then return {'KEPT'} end
if redis.call('PTTL', KEYS[4]) >= 0 then return {'KEPT'} end
local up_to = tonumber(ARGV[5])
local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
if not first then return {'TRIMMED'} end
local now = math.min(up_to, tonumber(string.match(first[1], '^%d+')) + tonumber(ARGV[6]))
redis.call('XTRIM', KEYS[2], 'MINID', '=', text(now + 1) .. '-0')
return {now < up_to and 'MORE' or 'TRIMMED'}
`;

/**
 * P46. KEYS: the stream of a log that is about to begin. ARGV: milliseconds until it expires, then id and bytes of each
 * entry. Returns {'PREPARED'}, or {'UNREADABLE', reason}.
 */
export const prepareLogScript = `
for index = 2, #ARGV, 2 do
  local there = redis.call('XRANGE', KEYS[1], ARGV[index], ARGV[index])[1]
  if not there then
    local added = redis.pcall('XADD', KEYS[1], ARGV[index], 'entry', ARGV[index + 1])
    if type(added) == 'table' then
      if not string.find(added.err, 'equal or smaller') then return added end
      return {'UNREADABLE', 'what was prepared in ' .. KEYS[1] .. ' goes on after ' .. ARGV[index]}
    end
  elseif there[2][2] ~= ARGV[index + 1] then
    return {'UNREADABLE', 'something else was prepared at ' .. ARGV[index] .. ' of ' .. KEYS[1]}
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {'PREPARED'}
`;

/**
 * P47. Its first write is one that Redis refuses when it takes none.
 * KEYS: log, the stream of the closed log, the stream of the new log, origins, manifest, lease, the key that keeps the
 * log. ARGV: token; log, position and mark at the end of the closed log, empty if there is none; the same of the new
 * log; generation, the manifest; then the name and last number of each origin. Returns 1 or 0.
 */
export const beginLogScript = `
${makeHash}
if redis.call('GET', KEYS[6]) ~= ARGV[1] then return 0 end
local head = redis.call('HMGET', KEYS[1], 'id', 'position', 'mark')
for index = 1, 3 do
  if (head[index] or '') ~= ARGV[1 + index] then return 0 end
end
local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
if (last and last[1] or '0-0') ~= ARGV[6] .. '-0' then return 0 end
if last then
  -- The first prepared entries may have expired before the rest arrived.
  local first = redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)[1]
  local header = string.sub(first[2][2] or '', 1, 512)
  local ends, count = string.match(header, '^2\\n[^\\n]+\\n(%d+)\\n%x+\\n[^\\n]+\\n%d+\\n%d+\\n(%d+)\\n')
  if not ends or ends ~= count then return 0 end
end

make_hash(KEYS[5])
redis.call('HSET', KEYS[5], 'generation', ARGV[8], 'manifest', ARGV[9])
redis.call('HSET', KEYS[1], 'id', ARGV[5], 'position', ARGV[6], 'mark', ARGV[7])
redis.call('DEL', KEYS[4], KEYS[7])
for index = 10, #ARGV, 2 do redis.call('HSET', KEYS[4], ARGV[index], ARGV[index + 1] .. '\\n') end
redis.call('PERSIST', KEYS[3])
if KEYS[2] ~= KEYS[3] then redis.call('UNLINK', KEYS[2]) end
return 1
`;
