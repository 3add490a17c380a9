-- What the scripts share. ARGV[1] is the prefix of all keys, `{name}:`.
local PREFIX = ARGV[1]
local SCHEMA = '1'

local function key(name, guild)
  return PREFIX .. name .. ':' .. guild
end

local function corrupt(name)
  return redis.error_reply('CORRUPT ' .. name)
end

-- An id `ms-n` as two numbers; both are far below 2^53.
local function id_parts(id)
  local ms, n = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(n)
end

local function id_text(ms, n)
  return string.format('%.0f-%.0f', ms, n)
end

local function is_after(ms, n, other_ms, other_n)
  return ms > other_ms or (ms == other_ms and n > other_n)
end

-- The id after this one on a clock that reads `now`.
local function next_id(ms, n, now)
  if now > ms then
    return now, 0
  end
  return ms, n + 1
end

local function clock_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
