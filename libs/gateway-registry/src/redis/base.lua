-- What the scripts of leases share. ARGV[1] is the prefix of all keys, `{name}:`. Redis' clock is the only one.
local PREFIX = ARGV[1]
local SHARDS = PREFIX .. 'shards'
local DAY = 86400000

local time = redis.call('TIME')
local NOW = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function text(number)
  return number and string.format('%.0f', number) or ''
end

-- A number above every earlier one, even if Redis forgot those.
local function draw()
  local drawn = tonumber(redis.call('GET', PREFIX .. 'epoch') or 0)
  if not drawn then
    error(redis.error_reply('CORRUPT ' .. PREFIX .. 'epoch'))
  end
  local epoch = text(math.max(drawn + 1, NOW))
  redis.call('SET', PREFIX .. 'epoch', epoch)
  return epoch
end

local function shard_key(id, count)
  return PREFIX .. 'shard:' .. text(id) .. '/' .. text(count)
end

-- Lets go of both keys a day after the lease could have ended.
local function keep(shard, ttl)
  redis.call('PEXPIRE', shard, text(DAY + ttl))
  redis.call('PEXPIRE', SHARDS, text(DAY + ttl))
end

local function is_held(id, count)
  return (tonumber(redis.call('HGET', shard_key(id, count), 'expires') or 0) or 0) > NOW
end

local function any_held(count)
  for id = 0, count - 1 do
    if is_held(id, count) then
      return true
    end
  end
  return false
end

-- Puts another count in force; of the old one nothing is kept but since when its sessions' successors have to make good.
local function switch(count, to)
  local inherited = tonumber(redis.call('HGET', SHARDS, 'since') or nil)
  local used, since = false, nil
  for id = 0, count.current - 1 do
    local shard = shard_key(id, count.current)
    local session = redis.call('HMGET', shard, 'unmended', 'at')
    local known = tonumber(session[1] or session[2] or nil) or inherited
    if known and (not since or known < since) then
      since = known
    end
    used = redis.call('DEL', shard) == 1 or used
  end
  -- a count that nobody has used leaves no instances behind
  local previous = used and count.current or count.previous
  redis.call('DEL', SHARDS)
  redis.call('HSET', SHARDS, 'current', text(to))
  if previous and previous ~= to then
    redis.call('HSET', SHARDS, 'previous', text(previous))
  end
  if since then
    redis.call('HSET', SHARDS, 'since', text(since))
  end
  redis.call('PEXPIRE', SHARDS, text(DAY))
end

local function stored_count()
  local fields = redis.call('HMGET', SHARDS, 'current', 'next', 'previous')
  local current = tonumber(fields[1] or nil)
  return current and {
    current = current,
    next = tonumber(fields[2] or nil),
    previous = tonumber(fields[3] or nil),
  }
end

-- The count in force, after a change that only waited for leases to end; nil = none.
local function settled_count()
  local count = stored_count()
  if count and count.next and not any_held(count.current) then
    switch(count, count.next)
    return stored_count()
  end
  return count
end

local function count_reply(count)
  return { text(count.current), text(count.next), text(count.previous) }
end

-- The key of a lease, given as id, count, owner, fence from ARGV[2] on, and the count; nil = it is lost.
local function own_shard()
  local count = stored_count()
  if not count or count.current ~= tonumber(ARGV[3]) then
    return nil
  end
  local shard = shard_key(tonumber(ARGV[2]), count.current)
  local holder = redis.call('HMGET', shard, 'owner', 'fence')
  if holder[1] ~= ARGV[4] or holder[2] ~= ARGV[5] then
    return nil
  end
  return shard, count
end

-- Stores how far a session got: generation or '', seq, mended (0|1) from ARGV[at] on.
local function progressed(shard, at)
  local stored = redis.call('HMGET', shard, 'generation', 'seq')
  if ARGV[at] == '' or stored[1] ~= ARGV[at] then
    return
  end
  if tonumber(ARGV[at + 1]) >= (tonumber(stored[2] or nil) or 0) then
    redis.call('HSET', shard, 'seq', ARGV[at + 1], 'at', text(NOW))
  end
  if ARGV[at + 2] == '1' then
    redis.call('HDEL', shard, 'unmended')
  end
end

-- Id, URL, generation, terms, seq, at, unmended or ''; nothing = no session.
local function session_reply(shard, reply)
  local session = redis.call('HMGET', shard, 'session', 'url', 'generation', 'terms', 'seq', 'at', 'unmended')
  if session[1] then
    for field = 1, 7 do
      reply[#reply + 1] = session[field] or ''
    end
  end
  return reply
end
