-- ARGV: 2 channel, 3 id, 4 user, 5 mark, 6 time to live in ms, 7 most of a channel. Answers whether there is a place.
-- A posting is `user expires mark`.
local postings, until_when = BOOK .. 'posting:' .. ARGV[2], NOW + tonumber(ARGV[6])
local entries, kept, latest = redis.call('HGETALL', postings), 0, until_when
for i = 1, #entries, 2 do
  local ends = tonumber(string.match(entries[i + 1], '^%d+ (%d+) ')) or 0
  if ends <= NOW or entries[i] == ARGV[3] then
    redis.call('HDEL', postings, entries[i])
  else
    kept, latest = kept + 1, math.max(latest, ends)
  end
end
if kept >= tonumber(ARGV[7]) then
  return 0
end
redis.call('HSET', postings, ARGV[3], ARGV[4] .. ' ' .. text(until_when) .. ' ' .. ARGV[5])
redis.call('PEXPIREAT', postings, text(latest))
return 1
