-- What the scripts of the book share. ARGV[1] is the prefix of all keys, `{name}:`. Redis' clock is the only one.
local BOOK = ARGV[1] .. 'book:'

local time = redis.call('TIME')
local NOW = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function text(number)
  return string.format('%.0f', number)
end

local function rooms_key(guild)
  return BOOK .. guild .. ':rooms'
end

local function reserved_key(guild)
  return BOOK .. guild .. ':reserved'
end

local function invites_key(guild, channel)
  return BOOK .. guild .. ':invites:' .. channel
end

local function removal_key(guild, channel)
  return BOOK .. guild .. ':removal:' .. channel
end

local function invite_key(id)
  return BOOK .. 'invite:' .. id
end

-- A room is `owner made empty`: a user and two Unix times in ms, the latter 0 while somebody is in it.
local function room_of(guild, channel)
  local stored = redis.call('HGET', rooms_key(guild), channel)
  if not stored then
    return nil
  end
  local owner, made, empty = string.match(stored, '^(%d+) (%d+) (%d+)$')
  return owner and { owner = owner, made = made, empty = tonumber(empty) }
end

local function put_room(guild, channel, room)
  redis.call('HSET', rooms_key(guild), channel, room.owner .. ' ' .. room.made .. ' ' .. text(room.empty))
end
