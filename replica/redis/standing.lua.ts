/**
 * P6, in Lua: whether a sender stands in the log's history. Begins every script that writes to the log, or names or trims
 * what stands beside it; docs/protocol.md.
 *
 * `standing(log key, stream, the sender's log, position and mark)` gives nil and the head {id, position, mark}, or the
 * script's answer: {'REPLACED', 'UNREADABLE' or 'DAMAGED', why}. `text` writes numbers that Lua would write as 1e+15.
 */
export const standingFunctions = `
local function text(number) return string.format('%.0f', number) end
local function is_mark(value) return type(value) == 'string' and #value == 40 and not string.find(value, '[^0-9a-f]') end

local function standing(log_key, stream, seen_log, seen_position_text, seen_mark)
  local seen_position = tonumber(seen_position_text)
  local found = redis.call('HMGET', log_key, 'id', 'position', 'mark')
  local log, mark = found[1], found[3]
  if not (log or found[2] or mark) then return {'REPLACED', 'there is no log ' .. seen_log .. ' any more'} end
  if not log or log == '' or #log > 64 or string.find(log, '[^%w._-]') then return {'DAMAGED', 'the head of the log does not decode'} end
  if log ~= seen_log then return {'REPLACED', 'the log is ' .. log .. ' now, and no more ' .. seen_log} end
  local position = found[2] and string.match(found[2], '^%d+$') and #found[2] < 16 and tonumber(found[2])
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
  return nil, {id = log, position = position, mark = mark}
end
`;
