-- ARGV: 2-5 the lease, 6-8 progress. Answers whether it was held.
local shard = own_shard()
if not shard then
  return 0
end
progressed(shard, 6)
redis.call('HDEL', shard, 'owner', 'fence', 'expires')
keep(shard, 0)
return 1
