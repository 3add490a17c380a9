-- Answers number and owner of each shard of the current count that is held, in a flat list.
local count = stored_count()
local leases = {}
for id = 0, (count and count.current or 0) - 1 do
  local holder = redis.call('HMGET', shard_key(id, count.current), 'owner', 'expires')
  if holder[1] and (tonumber(holder[2] or nil) or 0) > NOW then
    leases[#leases + 1] = text(id)
    leases[#leases + 1] = holder[1]
  end
end
return leases
