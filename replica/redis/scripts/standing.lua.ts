/**
 * Lua functions that check where the head of the log is. P81: holds_other tells whether a key holds a type other than a
 * hash, by a command that replicas need anyway.
 */
export const typeFunctions = `
local function holds_other(key)
  local found = redis.pcall('HGET', key, '')
  return type(found) == 'table' and string.find(found.err, 'WRONGTYPE', 1, true) ~= nil
end
`;

/**
 * P63, P81. `head_of(log key)` returns id, position, mark and format, empty if the key holds another type. `fits(stream, id,
 * position, mark)` tells whether a head is at the end of the stream of its id; it is also true if the stream cannot
 * tell.
 */
export const headFunctions = `${typeFunctions}
local function head_of(log_key)
  local found = redis.pcall('HMGET', log_key, 'id', 'position', 'mark', 'format')
  if not found.err then return found end
  return holds_other(log_key) and {'', '', '', ''} or error(found.err, 0)
end
-- P82. A site that does not say its format is written in the first one.
local function format_of(value)
  return type(value) == 'string' and string.match(value, '^[1-9]%d?%d?$') or '1'
end
local function last_generated(stream)
  local about = redis.call('XINFO', 'STREAM', stream)
  for index = 1, #about, 2 do
    if about[index] == 'last-generated-id' then return about[index + 1] end
  end
end
local function fits(stream, log, position_text, mark)
  local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  if not last then
    if redis.call('EXISTS', stream) == 0 then return position_text == '0' and mark == redis.sha1hex(log) end
    return last_generated(stream) == position_text .. '-0'
  end
  local header = string.sub(last[2][2] or '', 1, 512)
  local of, ends, before, numbers = string.match(header, '^2\\n([^\\n]+)\\n(%d+)\\n(%x+)\\n([^\\n]+\\n%d+\\n%d+)\\n')
  if of ~= log or last[1] ~= ends .. '-0' then return true end
  if ends == position_text and redis.sha1hex(before .. '\\n' .. numbers) == mark then return true end
  -- Entries after this one were deleted, so the stream cannot tell how the log ended.
  return last_generated(stream) ~= last[1]
end
`;

/**
 * P6, in Lua: whether a sender's position is in the log's history. It begins every script that writes to the log, or
 * names or trims a snapshot; docs/internals/protocol.md.
 *
 * `standing(log key, stream, the sender's log, position and mark)` returns nil, and id, position, mark and format of the head;
 * or the script's reply: {'REPLACED', 'UNREADABLE' or 'DAMAGED', reason}. `text` formats numbers that Lua would write
 * as 1e+15. It is slow, so a number that was passed as text is used as it is.
 */
export const standingFunctions = `
local function text(number) return string.format('%.0f', number) end
local function is_mark(value) return type(value) == 'string' and #value == 40 and not string.find(value, '[^0-9a-f]') end
${headFunctions}
local function standing(log_key, stream, seen_log, seen_position_text, seen_mark)
  local found = head_of(log_key)
  local log, position_text, mark = found[1], found[2], found[3]
  local format = format_of(found[4])
  -- No one else has written since: the head is the one that the sender knows.
  if log == seen_log and position_text == seen_position_text and mark == seen_mark then
    return nil, log, tonumber(position_text), mark, format
  end
  if not (log or position_text or mark) then return {'REPLACED', 'there is no log ' .. seen_log .. ' any more'} end
  if not log or log == '' or #log > 64 or string.find(log, '[^%w._-]') then return {'DAMAGED', 'the head of the log does not decode'} end
  if log ~= seen_log then return {'REPLACED', 'the log is ' .. log .. ' now, and not ' .. seen_log .. ' any more'} end
  local seen_position = tonumber(seen_position_text)
  local position = position_text and string.match(position_text, '^%d+$') and #position_text < 16 and tonumber(position_text)
  if not position or not is_mark(mark) then
    return {'DAMAGED', 'the head of log ' .. log .. ' does not decode'}
  end
  if position < seen_position then
    return {'REPLACED', 'log ' .. log .. ' ends at ' .. text(position) .. ', before ' .. text(seen_position)}
  end
  if not fits(stream, log, position_text, mark) then
    return {'DAMAGED', 'the head of log ' .. log .. ' is not where its stream ends'}
  end

  local mark_there = mark
  if position > seen_position then
    local gone = {'REPLACED', 'position ' .. text(seen_position) .. ' of log ' .. log .. ' is gone'}
    local entry = redis.call('XRANGE', stream, '(' .. seen_position_text .. '-0', '+', 'COUNT', 1)[1]
    if not entry then return gone end
    local header = string.sub(entry[2][2] or '', 1, 512)
    local last, before, count = string.match(header, '^2\\n[^\\n]+\\n(%d+)\\n(%x+)\\n[^\\n]+\\n%d+\\n%d+\\n(%d+)\\n')
    if not last then
      return {'UNREADABLE', 'the entry after ' .. text(seen_position) .. ' of log ' .. log .. ' does not decode'}
    end
    if tonumber(last) - tonumber(count) ~= seen_position then return gone end
    mark_there = before
  end
  if mark_there ~= seen_mark then
    return {'REPLACED', 'log ' .. log .. ' has another history at ' .. text(seen_position)}
  end
  return nil, log, position, mark, format
end
`;
