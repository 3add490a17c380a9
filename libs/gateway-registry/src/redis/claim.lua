-- ARGV: 2 id, 3 count, 4 owner, 5 time to live in ms. Answers `granted`, fence and the session, if there is one;
-- `held`, owner and ms until it is free; or `recounted` and the count.
local count = settled_count()
if not count then
  redis.call('DEL', SHARDS)
  redis.call('HSET', SHARDS, 'current', ARGV[3])
  count = stored_count()
end
local function recounted()
  local reply = count_reply(count)
  table.insert(reply, 1, 'recounted')
  return reply
end
if count.current ~= tonumber(ARGV[3]) then
  return recounted()
end
local shard = shard_key(tonumber(ARGV[2]), count.current)
local holder = redis.call('HMGET', shard, 'owner', 'expires')
local expires = tonumber(holder[2] or nil) or 0
if expires > NOW then
  return { 'held', holder[1] or '', text(expires - NOW) }
end
if count.next then
  return recounted()
end
local ttl = tonumber(ARGV[5])
local fence = draw()
redis.call('HSET', shard, 'owner', ARGV[4], 'fence', fence, 'expires', text(NOW + ttl))
keep(shard, ttl)
return session_reply(shard, { 'granted', fence })
