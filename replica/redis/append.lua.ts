/**
 * The append script. Redis runs it whole, one at a time: here transactions get their order. docs/protocol.md: marks (P1),
 * checksums (P2), what is skipped (P3), where it stops (P4, P40), entries (P5), the sender's place (P6), and
 * P7. All that can fail comes before the first write, and the first write is one that Redis refuses when it takes none
 * (out of memory, read-only, failing disk): either everything is written or nothing. Commands of Redis 6.2 only.
 *
 * KEYS: log, its stream, origins
 * ARGV: all in one, as each argument costs the sender as much as many bytes. A line: the sender's log, position and mark, its
 * secret, the command that publishes, the channel, and how many bytes the frames share. A line for each transaction: origin,
 * number, number before, bytes of its frame, '!' where it is overdue or else '-', then origin and number of each that its
 * context names. An empty line; what the frames share, and all frames, one after the other.
 * Answers a line: 'APPENDED', and of each entry: last position, mark before, mark, and the first and last transaction in it,
 * counted from 1; or, where something is wrong, {'REPLACED', 'UNREADABLE' or 'DAMAGED', why}.
 */
import { standingFunctions } from './standing.lua.ts';

export const appendScript = `${standingFunctions}
local given = ARGV[1]
local seen_log, seen_position, seen_mark, secret, publish, channel, shared_bytes, list_start =
  string.match(given, '^(%S+) (%d+) (%S+) (%S+) (%S+) (%S+) (%d+)\\n()')
local list_end = string.find(given, '\\n\\n', 1, true)
local list, shared_start = string.sub(given, list_start, list_end), list_end + 2
local problem, head = standing(KEYS[1], KEYS[2], seen_log, seen_position, seen_mark)
if problem then return problem end
local log, position, mark = head.id, head.position, head.mark

local numbers, raised, touched, groups, group = {}, {}, {}, {}, nil
-- P63. Where last numbers are missing, what is in already would go in once more.
local damaged = false
local function last_number(origin)
  local kept = redis.call('HGET', KEYS[3], origin)
  if not kept then
    damaged = damaged or (position > 0 and redis.call('EXISTS', KEYS[3]) == 0)
    return 0
  end
  local number = tonumber(string.match(kept, '^(%d+)\\n'))
  if not number then damaged = true end
  return number or 0
end
local function known_number(origin)
  local number = numbers[origin] or last_number(origin)
  numbers[origin] = number
  return number
end
local function raise(origin, number)
  if not raised[origin] then touched[#touched + 1] = origin end
  raised[origin], numbers[origin] = true, number
end
local shared = string.sub(given, shared_start, shared_start + shared_bytes - 1)
local index, frame_end = 0, shared_start + #shared - 1
for origin, number_text, before_text, length, overdue, seen in string.gmatch(list, '(%S+) (%d+) (%d+) (%d+) ([-!])([^\\n]*)\\n') do
  local number, before, frame_start = tonumber(number_text), tonumber(before_text), frame_end + 1
  index, frame_end = index + 1, frame_end + tonumber(length)
  if number <= known_number(origin) then
    group = nil
  else
    local missing = {}
    if known_number(origin) < before then missing[1] = {origin, before} end
    for name, named in string.gmatch(seen, ' (%S+) (%d+)') do
      if name ~= origin and known_number(name) < tonumber(named) then
        missing[#missing + 1] = {name, tonumber(named)}
      end
    end
    if #missing > 0 and overdue ~= '!' then break end
    for _, one in ipairs(missing) do raise(one[1], one[2]) end
    if group and group.origin == origin and group.last_number == before then
      group.count = group.count + 1
    else
      group = {origin = origin, first_number = number, first_index = index, count = 1, frame_start = frame_start}
      groups[#groups + 1] = group
    end
    group.last_number, group.last_index, group.frame_end = number, index, frame_end
    raise(origin, number)
  end
end
if damaged then return {'DAMAGED', 'the last numbers by origin do not decode'} end
if #groups == 0 then return 'APPENDED' end

local answer = {'APPENDED'}
for _, one in ipairs(groups) do
  local before = mark
  position = position + one.count
  local first, last = text(one.first_number), text(one.last_number)
  mark = redis.sha1hex(table.concat({before, one.origin, first, last}, '\\n'))
  local fields = {'2', log, text(position), before, one.origin, first, last, text(one.count), ''}
  local header, body = table.concat(fields, '\\n'), shared .. string.sub(given, one.frame_start, one.frame_end)
  one.id = text(position) .. '-0'
  one.bytes = header .. redis.sha1hex(header .. body) .. '\\n' .. body
  for _, value in ipairs({text(position), before, mark, one.first_index, one.last_index}) do
    answer[#answer + 1] = value
  end
end

for _, one in ipairs(groups) do
  local added = redis.pcall('XADD', KEYS[2], one.id, 'entry', one.bytes)
  if type(added) == 'table' then
    if not string.find(added.err, 'equal or smaller') then return added end
    return {'DAMAGED', 'the stream of log ' .. log .. ' goes on after its head'}
  end
end
for _, origin in ipairs(touched) do
  redis.call('HSET', KEYS[3], origin, text(numbers[origin]) .. '\\n' .. secret)
end
redis.call('HSET', KEYS[1], 'position', text(position), 'mark', mark)
-- A hint to others, and the last step: who may not publish has appended all the same.
for _, one in ipairs(groups) do redis.pcall(publish, channel, one.bytes) end
return table.concat(answer, ' ')
`;
