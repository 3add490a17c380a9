-- A page of a guild's log and its floor. ARGV: 2 guild, 3 after, 4 up to, 5 how many entries.
-- Returns nothing if the guild is not stored, else: floor, whether there is more, then per entry
-- id, previous, position, body, and whether the body is that of a message.
local guild, limit = ARGV[2], tonumber(ARGV[5])
local values = redis.call('HMGET', key('guild', guild), 'pos', 'last', 'floor')
if not values[1] then
  return {}
end
local log = key('log', guild)
local floor = values[3] or '0-0'
if redis.call('EXISTS', log) == 0 then
  floor = values[2] or '0-0'
end
local page = { floor, '0' }
if limit > 0 then
  local rows = redis.call('XRANGE', log, '(' .. ARGV[3], ARGV[4], 'COUNT', limit + 1)
  for index, row in ipairs(rows) do
    if index > limit then
      page[2] = '1'
      break
    end
    local fields = { id = row[1] }
    for at = 1, #row[2], 2 do
      fields[row[2][at]] = row[2][at + 1]
    end
    local body = fields.b or redis.call('HGET', key('messages', guild), row[1]) or ''
    local size = #page
    page[size + 1] = row[1]
    page[size + 2] = fields.p or ''
    page[size + 3] = fields.o or ''
    page[size + 4] = body
    page[size + 5] = fields.b and '0' or '1'
  end
end
return page
