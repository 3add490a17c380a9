-- ARGV[2] is the count that is wanted. Answers like shard_count.
local wanted = tonumber(ARGV[2])
local count = settled_count()
if not count then
  redis.call('DEL', SHARDS)
  redis.call('HSET', SHARDS, 'current', ARGV[2])
elseif count.current == wanted then
  redis.call('HDEL', SHARDS, 'next')
else
  redis.call('HSET', SHARDS, 'next', ARGV[2])
end
redis.call('PEXPIRE', SHARDS, text(DAY))
return count_reply(settled_count())
