-- Who may publish for a shard. Tokens are compared as text, so that they are exact beyond 2^53.
local function fence_key(shard)
  return PREFIX .. 'fence:' .. shard
end

local function is_lower(a, b)
  if #a ~= #b then
    return #a < #b
  end
  return a < b
end

-- The reply that refuses this token, or nil.
local function fenced_off(shard, token)
  local highest = redis.call('GET', fence_key(shard))
  if not highest then
    return nil
  elseif not string.match(highest, '^%d+$') then
    return corrupt(fence_key(shard))
  elseif is_lower(token, highest) then
    return redis.error_reply('FENCED another instance has taken over the shard')
  end
end

-- A higher token is kept; the key lives as long as a guild's.
local function keep_fence(shard, token)
  local name = fence_key(shard)
  if redis.call('GET', name) ~= token then
    redis.call('SET', name, token, 'EX', EXPIRY)
  elseif redis.call('TTL', name) < EXPIRY - 3600 then
    redis.call('EXPIRE', name, EXPIRY)
  end
end
