-- ARGV: 2-5 the lease, 6 time to live in ms, 7-9 progress. Answers 1 = held, 2 = held and a new count waits, 0 = lost.
local shard, count = own_shard()
if not shard then
  return 0
end
local ttl = tonumber(ARGV[6])
progressed(shard, 7)
redis.call('HSET', shard, 'expires', text(NOW + ttl))
keep(shard, ttl)
return count.next and 2 or 1
