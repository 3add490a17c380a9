-- ARGV: 2 guild, 3 channel, 4 id, 5 hash of the token, 6 maker, 7 time to live in ms or '', 8 uses or '', 9 most of a room.
-- Answers `entered`, `full` or `no-room`.
if not room_of(ARGV[2], ARGV[3]) then
  return 'no-room'
end
local invites, invite = invites_key(ARGV[2], ARGV[3]), invite_key(ARGV[4])
for _, id in ipairs(redis.call('SMEMBERS', invites)) do
  if redis.call('EXISTS', invite_key(id)) == 0 then
    redis.call('SREM', invites, id)
  end
end
if redis.call('EXISTS', invite) == 1 then
  return 'entered'
end
if redis.call('SCARD', invites) >= tonumber(ARGV[9]) then
  return 'full'
end
redis.call('SADD', invites, ARGV[4])
redis.call('HSET', invite, 'hash', ARGV[5], 'guild', ARGV[2], 'channel', ARGV[3], 'maker', ARGV[6], 'most', ARGV[8], 'uses', '0')
if ARGV[7] ~= '' then
  redis.call('PEXPIRE', invite, ARGV[7])
end
return 'entered'
