-- Applies a batch. Everything is computed and checked first and written last: a script that fails midway is not undone.
-- ARGV: 1-4 as above, 5 an id below which none is drawn, 6 shard or '', 7 its token, 8 how many changes, then the changes:
--   guild, reseed (0|1), previous position or '', position, how many state operations, entries, redactions,
--   per operation: what, id, JSON;  per entry: kind, JSON, message or '', text spans or '', id or '' (draw it);
--   per redaction: message.
-- Returns a line per change: `A id ...` applied, `D` duplicate, `B position` behind (without position: not stored).
local HOUR = 3600000
local now = clock_ms()

local schema = redis.call('GET', PREFIX .. 'schema')
if schema and schema ~= SCHEMA then
  return corrupt(PREFIX .. 'schema')
end

local shard, token = ARGV[6], ARGV[7]
local refusal = shard ~= '' and fenced_off(shard, token)
if refusal then
  return refusal
end

-- The last id that was given out; what is drawn is above all that is known too, whatever Redis forgot.
local at_ms, at_n = id_parts(redis.call('GET', PREFIX .. 'clock') or '0-0')
if not at_ms then
  return corrupt(PREFIX .. 'clock')
end
local known_ms, known_n = id_parts(ARGV[5])

local function draw()
  if is_after(known_ms, known_n, at_ms, at_n) then
    at_ms, at_n = known_ms, known_n
  end
  at_ms, at_n = next_id(at_ms, at_n, now)
  return id_text(at_ms, at_n)
end

-- The id of a guild's next entry: the one that was given if it still is above all others.
local function id_of(guild, given)
  if given == '' then
    return draw()
  end
  local ms, n = id_parts(given)
  local last_ms, last_n = id_parts(guild.last)
  if is_after(ms, n, at_ms, at_n) and is_after(ms, n, last_ms, last_n) then
    at_ms, at_n = ms, n
    return given
  end
  -- whoever was told the given id can't go on from it
  guild.floor = draw()
  return guild.floor
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
  local last_ms, last_n = id_parts(guild.last)
  if is_after(last_ms, last_n, known_ms, known_n) then
    known_ms, known_n = last_ms, last_n
  end
  guilds[id] = guild
  order[#order + 1] = guild
  return guild
end

local outcomes, applied = {}, {}
local cursor = 9
for index = 1, tonumber(ARGV[8]) do
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
  cursor = change.at + 3 * change.ops + 5 * change.entries + change.redactions
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

-- Remembers a channel that is about to be removed: the log still tells of it.
local function bury(guild, channel)
  local was = redis.call('HGET', key('channels', guild.id), channel)
  if was then
    local gone = key('gone', guild.id)
    redis.call('ZADD', gone, now, was)
    redis.call('ZREMRANGEBYSCORE', gone, '-inf', now - AGE)
    redis.call('ZREMRANGEBYRANK', gone, 0, -GONE - 1)
    guild.grown[gone] = true
  end
end

local function apply_state(guild, what, id, json)
  if HASHES[what] then
    local name = key(HASHES[what], guild.id)
    if redis.call('HSET', name, id, json) == 1 then
      guild.grown[name] = true
    end
  elseif REMOVED[what] then
    if what == 'C' then
      bury(guild, id)
    end
    redis.call('HDEL', key(REMOVED[what], guild.id), id)
  elseif what == 'g' then
    redis.call('HSET', key('guild', guild.id), 'facts', json)
    redis.call('SADD', PREFIX .. 'guilds', guild.id)
  else
    forget_state(guild)
  end
end

-- The one place that sends.
local function send(guild, id, position, body)
  local message = SCHEMA .. ' ' .. guild.last .. ' ' .. id .. ' ' .. position .. ' ' .. body
  redis.call('SPUBLISH', key('events', guild.id), message)
end

-- The ids of a message's entries, a `+` before the one that tells its creation.
local function entries_of(guild, message)
  return redis.call('HGET', key('messages', guild.id), message)
end

local function index_message(guild, message, kind, id, value)
  local messages, ids = key('messages', guild.id), entries_of(guild, message)
  local mark = kind == 'c' and '+' .. id or id
  redis.call('HSET', messages, id, value, message, ids and (ids .. ' ' .. mark) or mark)
  guild.grown[messages] = true
end

-- Kinds: l live only, e event, c creation of a message, a audience, r reseed.
local function append(guild, position, kind, json, message, spans, given)
  if kind == 'l' then
    send(guild, guild.last, position, 'e{"id":"' .. guild.last .. '",' .. string.sub(json, 2))
    return guild.last
  end
  if kind == 'c' and message ~= '' then
    local creation = string.match(entries_of(guild, message) or '', '%+(%S+)')
    if creation then
      return creation
    end
  end
  local id = id_of(guild, given)
  local body = kind .. json
  if kind == 'e' or kind == 'c' then
    body = 'e{"id":"' .. id .. '",' .. string.sub(json, 2)
  end
  local log = key('log', guild.id)
  if message == '' then
    redis.call('XADD', log, id, 'p', guild.last, 'o', position, 'b', body)
  else
    redis.call('XADD', log, id, 'p', guild.last, 'o', position, 'm', message)
    index_message(guild, message, kind, id, spans .. ' ' .. body)
  end
  if guild.count == 0 then
    guild.grown[log] = true
  end
  guild.count = guild.count + 1
  if guild.first == 0 then
    guild.first = at_ms
  end
  send(guild, id, position, body)
  guild.last = id
  return id
end

-- Takes the text out of every entry of this message. Spans count from the JSON before its id was put in.
local function redact(guild, message)
  local messages = key('messages', guild.id)
  for id in string.gmatch(entries_of(guild, message) or '', '%+?(%S+)') do
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

if shard ~= '' then
  keep_fence(shard, token)
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
    guild.floor = append(guild, change.position, 'r', '', '', '', '')
  end
  local at = change.at
  for _ = 1, change.ops do
    apply_state(guild, ARGV[at], ARGV[at + 1], ARGV[at + 2])
    at = at + 3
  end
  for _ = 1, change.entries do
    local given = change.reseed and '' or ARGV[at + 4]
    ids[#ids + 1] = append(guild, change.position, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], given)
    at = at + 5
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
      guild.floor, guild.first = later(floor, guild.floor), first
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
