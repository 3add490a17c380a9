-- ARGV: 2 guild, 3 channel, 4 ms that it must have been empty, 5 claimant, 6 time to live in ms. Answers whether it is theirs.
local room = room_of(ARGV[2], ARGV[3])
if not room or room.empty == 0 or NOW - room.empty < tonumber(ARGV[4]) then
  return 0
end
local removal = removal_key(ARGV[2], ARGV[3])
local holder = redis.call('GET', removal)
if holder and holder ~= ARGV[5] then
  return 0
end
redis.call('SET', removal, ARGV[5], 'PX', ARGV[6])
return 1
