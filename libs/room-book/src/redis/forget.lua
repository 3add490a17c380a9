-- ARGV: 2 guild, 3 channel. The room goes with its invites.
local invites = invites_key(ARGV[2], ARGV[3])
for _, id in ipairs(redis.call('SMEMBERS', invites)) do
  redis.call('DEL', invite_key(id))
end
redis.call('DEL', invites, removal_key(ARGV[2], ARGV[3]))
redis.call('HDEL', rooms_key(ARGV[2]), ARGV[3])
return 1
