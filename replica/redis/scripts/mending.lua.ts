/**
 * Scripts that repair the keys beside the log, if they do not decode or do not match it: docs/internals/protocol.md,
 * P63 and P81.
 */
import { typeFunctions } from './standing.lua.ts';

/**
 * KEYS: log, the stream of the correct id. ARGV: 'hash', or 'other' if the log's key holds another type; id, position
 * and mark as found, empty if missing; the correct ones; the id of the stream's last entry, empty if there is none.
 * Returns 1, or 0 if the keys are not as they were found any more.
 */
export const mendHeadScript = `${typeFunctions}
local is_other = holds_other(KEYS[1])
if is_other ~= (ARGV[1] == 'other') then return 0 end
if not is_other then
  local head = redis.call('HMGET', KEYS[1], 'id', 'position', 'mark')
  for index = 1, 3 do
    if (head[index] or '') ~= ARGV[1 + index] then return 0 end
  end
end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
if (last and last[1] or '') ~= ARGV[8] then return 0 end
if is_other then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'id', ARGV[5], 'position', ARGV[6], 'mark', ARGV[7])
return 1
`;

/**
 * Keeps values that decode and are not behind, with their secrets; deletes values that do not decode and belong to no
 * origin. KEYS: log, origins. ARGV: the log's id, position and mark; then the name and last number of each origin.
 * Returns 1, or 0 if the log has another head.
 */
export const mendOriginsScript = `${typeFunctions}
local head = redis.call('HMGET', KEYS[1], 'id', 'position', 'mark')
for index = 1, 3 do
  if head[index] ~= ARGV[index] then return 0 end
end
if holds_other(KEYS[2]) then redis.call('DEL', KEYS[2]) end
local function number_in(value) return value and tonumber(string.match(value, '^(%d+)\\n')) end
local known = {}
for index = 4, #ARGV, 2 do
  known[ARGV[index]] = true
  local number = number_in(redis.call('HGET', KEYS[2], ARGV[index]))
  if not number or number < tonumber(ARGV[index + 1]) then
    redis.call('HSET', KEYS[2], ARGV[index], ARGV[index + 1] .. '\\n')
  end
end
local stored = redis.call('HGETALL', KEYS[2])
for index = 1, #stored, 2 do
  if not known[stored[index]] and not number_in(stored[index + 1]) then redis.call('HDEL', KEYS[2], stored[index]) end
end
return 1
`;
