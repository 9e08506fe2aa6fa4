/**
 * The append script. Redis runs it atomically, so it gives transactions their order. docs/internals/protocol.md: chain
 * hashes (P1), checksums (P2), what is skipped (P3), where it stops (P4, P40), entries (P5), the sender's position
 * (P6), and P7: everything that can fail precedes the first write, and Redis refuses that one if it takes none (out of
 * memory, read-only, failing disk), so either everything is written or nothing. It uses only commands of Redis 6.2.
 *
 * KEYS: log, its stream, origins
 * ARGV: a single argument, as each further one would cost the sender as much as many bytes. Its first line: the
 * sender's log, position and mark, its secret, the publishing command, the channel, the format that it writes (P82), and
 * the number of bytes that the frames share. Then a line for each transaction: origin, number, number before, length of its frame, '!' if it is
 * overdue or else '-', then origin and number of each dependency in its context. An empty line; then the shared bytes
 * and all frames, one after another.
 * Returns a line: 'APPENDED', and for each entry: last position, mark before, mark, and the first and last transaction
 * in it, counted from 1. On a problem it returns {'REPLACED', 'UNREADABLE' or 'DAMAGED', reason}, or
 * {'FORMAT', the site's format}.
 */
import { standingFunctions } from './standing.lua.ts';

export const appendScript = `${standingFunctions}
local given = ARGV[1]
local seen_log, seen_position, seen_mark, secret, publish, channel, written, shared_bytes, list_start =
  string.match(given, '^(%S+) (%d+) (%S+) (%S+) (%S+) (%S+) (%d+) (%d+)\\n()')
local list_end = string.find(given, '\\n\\n', list_start, true)
local problem, log, position, mark, format = standing(KEYS[1], KEYS[2], seen_log, seen_position, seen_mark)
if problem then return problem end
-- P82
if format ~= written then return {'FORMAT', format} end

-- The last numbers by origin; and the changed ones, as text and in order.
local numbers, raised, touched, groups, group = {}, {}, {}, {}, nil
-- P63. If last numbers are missing, a transaction that is in the log already would be appended again.
local damaged = false
local function known_number(origin)
  local number = numbers[origin]
  if not number then
    local kept = redis.pcall('HGET', KEYS[3], origin)
    if type(kept) == 'table' then
      if not string.find(kept.err, 'WRONGTYPE', 1, true) then return error(kept.err, 0) end
      damaged = true
    elseif kept then
      number = tonumber(string.match(kept, '^(%d+)\\n'))
      damaged = damaged or not number
    else
      damaged = damaged or (position > 0 and redis.call('EXISTS', KEYS[3]) == 0)
    end
    number = number or 0
    numbers[origin] = number
  end
  return number
end
local function raise(origin, number, number_text)
  if not raised[origin] then touched[#touched + 1] = origin end
  raised[origin], numbers[origin] = number_text, number
end
local index, frame_end = 0, list_end + 1 + shared_bytes
for origin, number_text, before_text, length, overdue, seen in
    string.gmatch(string.sub(given, list_start, list_end), '(%S+) (%d+) (%d+) (%d+) ([-!])([^\\n]*)\\n') do
  local number, before, frame_start = tonumber(number_text), tonumber(before_text), frame_end + 1
  local known = known_number(origin)
  index, frame_end = index + 1, frame_end + length
  if number <= known then
    group = nil
  else
    local missing
    if known < before then missing = {{origin, before, before_text}} end
    if seen ~= '' then
      for name, named_text in string.gmatch(seen, ' (%S+) (%d+)') do
        local named = tonumber(named_text)
        if name ~= origin and known_number(name) < named then
          missing = missing or {}
          missing[#missing + 1] = {name, named, named_text}
        end
      end
    end
    if missing then
      if overdue ~= '!' then break end
      for _, one in ipairs(missing) do raise(one[1], one[2], one[3]) end
    end
    if group and group.origin == origin and group.last_number == before then
      group.count = group.count + 1
    else
      group = {origin = origin, first = number_text, first_index = index, count = 1, frame_start = frame_start}
      groups[#groups + 1] = group
    end
    group.last_number, group.last, group.last_index, group.frame_end = number, number_text, index, frame_end
    raise(origin, number, number_text)
  end
end
if damaged then return {'DAMAGED', 'the last numbers by origin do not decode'} end
if #groups == 0 then return 'APPENDED' end

local shared = string.sub(given, list_end + 2, list_end + 1 + shared_bytes)
local answer = {'APPENDED'}
for _, one in ipairs(groups) do
  position = position + one.count
  local last_position, before, numbers_of = text(position), mark, one.origin .. '\\n' .. one.first .. '\\n' .. one.last
  mark = redis.sha1hex(before .. '\\n' .. numbers_of)
  local header = '2\\n' .. log .. '\\n' .. last_position .. '\\n' .. before .. '\\n' .. numbers_of .. '\\n' .. one.count .. '\\n'
  local body = shared .. string.sub(given, one.frame_start, one.frame_end)
  one.position = last_position
  one.bytes = header .. redis.sha1hex(header .. body) .. '\\n' .. body
  answer[#answer + 1] = last_position .. ' ' .. before .. ' ' .. mark .. ' ' .. one.first_index .. ' ' .. one.last_index
end

for _, one in ipairs(groups) do
  local added = redis.pcall('XADD', KEYS[2], one.position .. '-0', 'entry', one.bytes)
  if type(added) == 'table' then
    if not string.find(added.err, 'equal or smaller') then return added end
    return {'DAMAGED', 'the stream of log ' .. log .. ' goes on after its head'}
  end
end
for _, origin in ipairs(touched) do redis.call('HSET', KEYS[3], origin, raised[origin] .. '\\n' .. secret) end
redis.call('HSET', KEYS[1], 'position', groups[#groups].position, 'mark', mark)
-- The last step, as it is only a hint: a sender that may not publish has appended all the same.
for _, one in ipairs(groups) do redis.pcall(publish, channel, one.bytes) end
return table.concat(answer, ' ')
`;
