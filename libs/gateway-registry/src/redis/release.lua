-- ARGV: 2-5 the lease, 6-8 progress. Answers whether it was held.
local shard = own_shard()
if not shard then
  return 0
end
progressed(shard, 6)
-- a field remains: that the shard was ever held is to be known at the next change of the count
redis.call('HDEL', shard, 'owner', 'fence')
redis.call('HSET', shard, 'expires', '0')
keep(shard, 0)
return 1
