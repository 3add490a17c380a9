-- Keeps quiet guilds: renews their expiries and drops what is beyond the retention.
-- ARGV: 1-4 as above, then guilds. Returns how many of them are stored.
local now = clock_ms()
local count = 0
for index = 5, #ARGV do
  local guild = ARGV[index]
  local name = key('guild', guild)
  local values = redis.call('HMGET', name, 'pos', 'first', 'floor')
  if values[1] then
    count = count + 1
    local floor, first = trim(guild, redis.call('XLEN', key('log', guild)), tonumber(values[2] or 0), now)
    if floor then
      redis.call('HSET', name, 'floor', later(floor, values[3] or '0-0'), 'first', string.format('%.0f', first))
    end
    redis.call('HSET', name, 'renewed', string.format('%.0f', now))
    expire(guild)
  end
end
redis.call('EXPIRE', PREFIX .. 'guilds', EXPIRY + 3600)
return count
