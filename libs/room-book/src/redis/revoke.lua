-- ARGV: 2 id.
local invite = invite_key(ARGV[2])
local fields = redis.call('HMGET', invite, 'guild', 'channel')
if fields[1] then
  redis.call('SREM', invites_key(fields[1], fields[2]), ARGV[2])
  redis.call('DEL', invite)
end
return 1
