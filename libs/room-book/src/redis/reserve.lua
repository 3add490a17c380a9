-- ARGV: 2 guild, 3 owner, 4 reservation, 5 most rooms of an owner, 6 most of a guild, 7 time to live in ms.
-- Answers whether there is a place.
local reserved, until_when = reserved_key(ARGV[2]), NOW + tonumber(ARGV[7])
local own, all, latest = 0, 0, until_when
local entries = redis.call('HGETALL', reserved)
for i = 1, #entries, 2 do
  local owner, ends = string.match(entries[i + 1], '^(%d+) (%d+)$')
  ends = tonumber(ends) or 0
  if ends <= NOW or entries[i] == ARGV[4] then
    redis.call('HDEL', reserved, entries[i])
  else
    all = all + 1
    own = own + (owner == ARGV[3] and 1 or 0)
    latest = math.max(latest, ends)
  end
end
local rooms = redis.call('HVALS', rooms_key(ARGV[2]))
for _, room in ipairs(rooms) do
  own = own + (string.match(room, '^%d+') == ARGV[3] and 1 or 0)
end
if own >= tonumber(ARGV[5]) or all + #rooms >= tonumber(ARGV[6]) then
  return 0
end
redis.call('HSET', reserved, ARGV[4], ARGV[3] .. ' ' .. text(until_when))
redis.call('PEXPIREAT', reserved, text(latest))
return 1
