-- ARGV: 2-5 the lease, 6 id, 7 resume URL, 8 seq, 9 terms. Answers the session as it is stored; nothing = the lease is lost.
local shard = own_shard()
if not shard then
  return {}
end
local before = redis.call('HMGET', shard, 'session', 'unmended', 'at')
if before[1] ~= ARGV[6] then
  -- what is a session here has an `at`
  local unmended = before[2] or before[3] or redis.call('HGET', SHARDS, 'since')
  redis.call('HSET', shard, 'session', ARGV[6], 'url', ARGV[7], 'generation', draw(), 'seq', ARGV[8], 'terms', ARGV[9],
    'at', text(NOW))
  if unmended then
    redis.call('HSET', shard, 'unmended', unmended)
  end
end
return session_reply(shard, {})
