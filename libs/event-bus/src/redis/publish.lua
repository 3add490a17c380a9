-- Applies a batch. Everything is computed and checked first and written last: a script that fails midway is not undone.
-- ARGV: 1-4 as above, 5 an id below which none is drawn, 6 how many changes, then the changes, each
--   guild, reseed (0|1), previous position or '', position, how many state operations, entries, redactions,
--   per operation: what, id, JSON;  per entry: kind, JSON, message or '', text spans or '';  per redaction: message.
-- Returns a line per change: `A id ...` applied, `D` duplicate, `B position` behind (without position: not stored).
local HOUR = 3600000
local now = clock_ms()

local schema = redis.call('GET', PREFIX .. 'schema')
if schema and schema ~= SCHEMA then
  return corrupt(PREFIX .. 'schema')
end

local at_ms, at_n = id_parts(redis.call('GET', PREFIX .. 'clock') or '0-0')
if not at_ms then
  return corrupt(PREFIX .. 'clock')
end

local function clock_not_below(id)
  local ms, n = id_parts(id)
  if ms > at_ms or (ms == at_ms and n > at_n) then
    at_ms, at_n = ms, n
  end
end
clock_not_below(ARGV[5])

local function draw()
  if now > at_ms then
    at_ms, at_n = now, 0
  else
    at_n = at_n + 1
  end
  return id_text(at_ms, at_n)
end

local function position_parts(text)
  local generation, seq, part = string.match(text, '^(%d+):(%d+):(%d+)$')
  return tonumber(generation), tonumber(seq), tonumber(part)
end

local function is_before(a, b)
  local a1, a2, a3 = position_parts(a)
  local b1, b2, b3 = position_parts(b)
  if a1 ~= b1 then
    return a1 < b1
  elseif a2 ~= b2 then
    return a2 < b2
  end
  return a3 < b3
end

-- Check.

local guilds, order = {}, {}

-- The guild as it stands, or nil and the key that can't be read.
local function stored(id)
  local guild = guilds[id]
  if guild then
    return guild
  end
  local name = key('guild', id)
  local values = redis.call('HMGET', name, 'pos', 'last', 'floor', 'first', 'renewed')
  guild = {
    id = id,
    pos = values[1],
    last = values[2] or '0-0',
    floor = values[3] or '0-0',
    first = tonumber(values[4] or 0),
    renewed = tonumber(values[5] or 0),
    grown = {},
  }
  local readable = guild.first and guild.renewed and id_parts(guild.last) and id_parts(guild.floor)
  if not readable or (guild.pos and not position_parts(guild.pos)) then
    return nil, name
  end
  clock_not_below(guild.last)
  guilds[id] = guild
  order[#order + 1] = guild
  return guild
end

local outcomes, applied = {}, {}
local cursor = 7
for index = 1, tonumber(ARGV[6]) do
  local change = {
    reseed = ARGV[cursor + 1] == '1',
    position = ARGV[cursor + 3],
    ops = tonumber(ARGV[cursor + 4]),
    entries = tonumber(ARGV[cursor + 5]),
    redactions = tonumber(ARGV[cursor + 6]),
    index = index,
  }
  local previous = ARGV[cursor + 2]
  local guild, unreadable = stored(ARGV[cursor])
  if not guild then
    return corrupt(unreadable)
  end
  change.guild = guild
  change.at = cursor + 7
  cursor = change.at + 3 * change.ops + 4 * change.entries + change.redactions
  if guild.pos and not is_before(guild.pos, change.position) then
    outcomes[index] = 'D'
  elseif not change.reseed and guild.pos ~= previous then
    outcomes[index] = guild.pos and ('B ' .. guild.pos) or 'B'
  else
    guild.pos = change.position
    guild.changed = true
    applied[#applied + 1] = change
  end
end

for _, guild in ipairs(order) do
  if guild.changed then
    guild.count = redis.call('XLEN', key('log', guild.id))
    if guild.count == 0 then
      guild.floor, guild.first = guild.last, 0
    end
  end
end

-- Write.

local HASHES = { c = 'channels', r = 'roles', v = 'voice', m = 'members' }
local REMOVED = { C = 'channels', R = 'roles', V = 'voice', M = 'members' }

local function forget_state(guild)
  redis.call('HDEL', key('guild', guild.id), 'facts')
  redis.call('SREM', PREFIX .. 'guilds', guild.id)
  for _, name in ipairs(STATE) do
    redis.call('UNLINK', key(name, guild.id))
  end
end

local function apply_state(guild, what, id, json)
  if HASHES[what] then
    local name = key(HASHES[what], guild.id)
    if redis.call('HSET', name, id, json) == 1 then
      guild.grown[name] = true
    end
  elseif REMOVED[what] then
    redis.call('HDEL', key(REMOVED[what], guild.id), id)
  elseif what == 'g' then
    redis.call('HSET', key('guild', guild.id), 'facts', json)
    redis.call('SADD', PREFIX .. 'guilds', guild.id)
  else
    forget_state(guild)
  end
end

-- The one place that sends. On Redis Cluster this becomes SPUBLISH.
local function send(guild, id, position, body)
  local message = SCHEMA .. ' ' .. guild.last .. ' ' .. id .. ' ' .. position .. ' ' .. body
  redis.call('PUBLISH', key('events', guild.id), message)
end

local function append(guild, position, kind, json, message, spans)
  local live = kind == 'l'
  local id = live and guild.last or draw()
  local body = kind .. json
  if live or kind == 'e' then
    body = 'e{"id":"' .. id .. '",' .. string.sub(json, 2)
  end
  if not live then
    local log = key('log', guild.id)
    if message == '' then
      redis.call('XADD', log, id, 'p', guild.last, 'o', position, 'b', body)
    else
      redis.call('XADD', log, id, 'p', guild.last, 'o', position, 'm', message)
      local messages = key('messages', guild.id)
      local ids = redis.call('HGET', messages, message)
      redis.call('HSET', messages, id, spans .. ' ' .. body, message, ids and (ids .. ' ' .. id) or id)
      guild.grown[messages] = true
    end
    if guild.count == 0 then
      guild.grown[log] = true
    end
    guild.count = guild.count + 1
    if guild.first == 0 then
      guild.first = at_ms
    end
  end
  send(guild, id, position, body)
  guild.last = id
  return id
end

-- Takes the text out of every entry of this message. Spans count from the JSON before its id was put in.
local function redact(guild, message)
  local messages = key('messages', guild.id)
  local ids = redis.call('HGET', messages, message) or ''
  for id in string.gmatch(ids, '%S+') do
    local value = redis.call('HGET', messages, id)
    local spans, body = string.match(value or '', '^(%S+) (.*)$')
    if spans and spans ~= '-' then
      local _, shift = string.find(body, '^e{"id":"[%d%-]+",')
      local blanked, from = '', 1
      for first, last, what in string.gmatch(spans, '(%d+)-(%d+)(%a)') do
        -- the JSON's own brace was cut off when the id was put in
        local skip = shift - 1
        blanked = blanked .. string.sub(body, from, skip + first) .. (what == 'n' and 'null' or '[]')
        from = skip + last + 1
      end
      redis.call('HSET', messages, id, '- ' .. blanked .. string.sub(body, from))
    end
  end
end

if #applied > 0 and not schema then
  redis.call('SET', PREFIX .. 'schema', SCHEMA)
end

for _, change in ipairs(applied) do
  local guild, ids = change.guild, { 'A' }
  if change.reseed then
    forget_state(guild)
    redis.call('UNLINK', key('log', guild.id), key('messages', guild.id))
    guild.count, guild.first = 0, 0
    guild.floor = append(guild, change.position, 'r', '', '', '')
  end
  local at = change.at
  for _ = 1, change.ops do
    apply_state(guild, ARGV[at], ARGV[at + 1], ARGV[at + 2])
    at = at + 3
  end
  for _ = 1, change.entries do
    ids[#ids + 1] = append(guild, change.position, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
    at = at + 4
  end
  for _ = 1, change.redactions do
    redact(guild, ARGV[at])
    at = at + 1
  end
  outcomes[change.index] = table.concat(ids, ' ')
end

for _, guild in ipairs(order) do
  if guild.changed then
    local floor, first = trim(guild.id, guild.count, guild.first, now)
    if floor then
      guild.floor, guild.first = floor, first
    end
    local renew = now - guild.renewed > HOUR
    if renew then
      guild.renewed = now
    end
    redis.call('HSET', key('guild', guild.id), 'pos', guild.pos, 'last', guild.last, 'floor', guild.floor,
      'first', string.format('%.0f', guild.first), 'renewed', string.format('%.0f', guild.renewed))
    if renew then
      expire(guild.id)
      redis.call('EXPIRE', PREFIX .. 'guilds', EXPIRY + 3600)
    else
      for name in pairs(guild.grown) do
        redis.call('EXPIRE', name, EXPIRY, 'NX')
      end
    end
  end
end

if #applied > 0 then
  redis.call('SET', PREFIX .. 'clock', id_text(at_ms, at_n))
end
return outcomes
