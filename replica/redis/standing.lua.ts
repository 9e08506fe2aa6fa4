/**
 * P6, in Lua: whether a sender stands in the log's history. Begins every script that writes to the log, or names or trims
 * what stands beside it; docs/internals/protocol.md.
 *
 * `standing(log key, stream, the sender's log, position and mark)` gives nil, and id, position and mark of the head; or the
 * script's answer: {'REPLACED', 'UNREADABLE' or 'DAMAGED', why}. `text` writes numbers that Lua would write as 1e+15; it takes
 * so long that where a number is given as text, that is kept.
 */
export const standingFunctions = `
local function text(number) return string.format('%.0f', number) end
local function is_mark(value) return type(value) == 'string' and #value == 40 and not string.find(value, '[^0-9a-f]') end

local function standing(log_key, stream, seen_log, seen_position_text, seen_mark)
  local found = redis.call('HMGET', log_key, 'id', 'position', 'mark')
  local log, position_text, mark = found[1], found[2], found[3]
  -- Nobody else has written since: what is there is what the sender was told.
  if log == seen_log and position_text == seen_position_text and mark == seen_mark then
    return nil, log, tonumber(position_text), mark
  end
  if not (log or position_text or mark) then return {'REPLACED', 'there is no log ' .. seen_log .. ' any more'} end
  if not log or log == '' or #log > 64 or string.find(log, '[^%w._-]') then return {'DAMAGED', 'the head of the log does not decode'} end
  if log ~= seen_log then return {'REPLACED', 'the log is ' .. log .. ' now, and no more ' .. seen_log} end
  local seen_position = tonumber(seen_position_text)
  local position = position_text and string.match(position_text, '^%d+$') and #position_text < 16 and tonumber(position_text)
  if not position or not is_mark(mark) then
    return {'DAMAGED', 'the head of log ' .. log .. ' does not decode'}
  end
  if position < seen_position then
    return {'REPLACED', 'log ' .. log .. ' ends at ' .. text(position) .. ', before ' .. text(seen_position)}
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
  return nil, log, position, mark
end
`;
