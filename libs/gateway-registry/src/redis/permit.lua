-- ARGV: 2 key, 3 ms between two starts of a key, 4 one start in so many is kept back.
-- Answers `granted` and starts left, `wait` and ms, `exhausted` and ms, or `untold`.
local budget, pause = PREFIX .. 'identify', PREFIX .. 'identify:' .. ARGV[2]
local known = redis.call('HMGET', budget, 'total', 'remaining', 'ends')
local total, remaining, ends = tonumber(known[1] or nil), tonumber(known[2] or nil), tonumber(known[3] or nil)
if not total or not remaining or not ends or ends <= NOW then
  return { 'untold' }
end
if remaining <= math.floor(total / tonumber(ARGV[4])) then
  return { 'exhausted', text(ends - NOW) }
end
local left = redis.call('PTTL', pause)
if left > 0 then
  return { 'wait', text(left) }
end
redis.call('HSET', budget, 'remaining', text(remaining - 1))
redis.call('SET', pause, '', 'PX', ARGV[3])
return { 'granted', text(remaining - 1) }
