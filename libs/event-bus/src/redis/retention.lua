-- How long a guild's keys live and how much of its log is kept.
-- ARGV: 2 most entries, 3 retention in ms, 4 expiry of keys in seconds.
local MOST, AGE, EXPIRY = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local STATE = { 'channels', 'roles', 'voice', 'members', 'gone' }
-- How many removed channels are remembered.
local GONE = 512
-- How many entries beyond what it must one run may drop, so that its time is bounded.
local TRIM_SPARE = 256

-- The guild's hash goes last: without it nothing else of the guild is looked at.
local function expire(guild)
  for _, name in ipairs(STATE) do
    redis.call('EXPIRE', key(name, guild), EXPIRY)
  end
  redis.call('EXPIRE', key('log', guild), EXPIRY)
  redis.call('EXPIRE', key('messages', guild), EXPIRY)
  redis.call('EXPIRE', key('guild', guild), EXPIRY + 3600)
end

local function forget_message(guild, message, id)
  local messages = key('messages', guild)
  redis.call('HDEL', messages, id)
  local ids = redis.call('HGET', messages, message)
  if not ids then
    return
  end
  local rest = {}
  for mark, other in string.gmatch(ids, '(%+?)(%S+)') do
    if other ~= id then
      rest[#rest + 1] = mark .. other
    end
  end
  if #rest == 0 then
    redis.call('HDEL', messages, message)
  else
    redis.call('HSET', messages, message, table.concat(rest, ' '))
  end
end

-- The later of two ids: a floor never falls.
local function later(a, b)
  local a_ms, a_n = id_parts(a)
  local b_ms, b_n = id_parts(b)
  return is_after(a_ms, a_n, b_ms, b_n) and a or b
end

-- Drops what is beyond the retention: the new floor and the time of the oldest entry that is left (0 = none),
-- or nil if nothing is to be dropped.
local function trim(guild, count, first, now)
  local over, oldest = count - MOST, now - AGE
  if count == 0 or (over <= 0 and first >= oldest) then
    return nil
  end
  local log = key('log', guild)
  local rows = redis.call('XRANGE', log, '-', '+', 'COUNT', math.max(over, 0) + TRIM_SPARE)
  local floor = nil
  local left = 0
  for index, row in ipairs(rows) do
    local ms = id_parts(row[1])
    if index > over and ms >= oldest then
      left = ms
      break
    end
    floor = row[1]
    -- the next run goes on from here if this was the last row
    left = ms
    local fields = row[2]
    if fields[5] == 'm' then
      forget_message(guild, fields[6], row[1])
    end
  end
  if floor then
    local ms, n = id_parts(floor)
    redis.call('XTRIM', log, 'MINID', '=', id_text(ms, n + 1))
  end
  return floor, left
end
