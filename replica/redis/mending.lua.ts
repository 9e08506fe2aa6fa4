/** The scripts that put right what stands beside the log, where it does not decode: docs/internals/protocol.md, P63. */

/**
 * KEYS: log. ARGV: id, position and mark as they were found, each empty where it is missing; the same as they have to be.
 * Answers 1, or 0 where they are not as they were found any more.
 */
export const mendHeadScript = `
local head = redis.call('HMGET', KEYS[1], 'id', 'position', 'mark')
for index = 1, 3 do
  if (head[index] or '') ~= ARGV[index] then return 0 end
end
redis.call('HSET', KEYS[1], 'id', ARGV[4], 'position', ARGV[5], 'mark', ARGV[6])
return 1
`;

/**
 * Keeps what decodes and is not behind, with its secret; takes away what does not decode and is no origin's.
 * KEYS: log, origins. ARGV: the log's id, position and mark; then of each origin: its name and its last number.
 * Answers 1, or 0 where the log's head is another.
 */
export const mendOriginsScript = `
local head = redis.call('HMGET', KEYS[1], 'id', 'position', 'mark')
for index = 1, 3 do
  if head[index] ~= ARGV[index] then return 0 end
end
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
