-- The state of some guilds and the clock, as one cut. ARGV: 2 and on: guilds.
-- Returns the clock, then per stored guild: guild, position, last, floor, facts, channels, roles, voice, members, removed channels.
local cut = { redis.call('GET', PREFIX .. 'clock') or '0-0' }
for index = 2, #ARGV do
  local guild = ARGV[index]
  local values = redis.call('HMGET', key('guild', guild), 'pos', 'last', 'floor', 'facts')
  if values[1] and values[4] then
    local last = values[2] or '0-0'
    local floor = values[3] or '0-0'
    if redis.call('EXISTS', key('log', guild)) == 0 then
      floor = last
    end
    cut[#cut + 1] = {
      guild, values[1], last, floor, values[4],
      redis.call('HVALS', key('channels', guild)),
      redis.call('HVALS', key('roles', guild)),
      redis.call('HVALS', key('voice', guild)),
      redis.call('HVALS', key('members', guild)),
      redis.call('ZRANGE', key('gone', guild), 0, -1),
    }
  end
end
return cut
