-- ARGV: 2 total, 3 remaining, 4 ms until it is renewed, 5 ms by which two ends of one period may differ.
local budget = PREFIX .. 'identify'
local remaining, ends = tonumber(ARGV[3]), NOW + tonumber(ARGV[4])
local known = redis.call('HMGET', budget, 'remaining', 'ends')
local known_ends = tonumber(known[2] or nil) or 0
if known_ends > NOW and ends <= known_ends + tonumber(ARGV[5]) then
  remaining = math.min(remaining, tonumber(known[1] or nil) or 0)
  -- each is late by the time that it took to be told
  ends = math.min(ends, known_ends)
end
redis.call('HSET', budget, 'total', ARGV[2], 'remaining', text(remaining), 'ends', text(ends))
redis.call('PEXPIREAT', budget, text(ends))
return 1
