-- ARGV: 2 guild, 3 channel, 4 owner, 5 reservation.
redis.call('HDEL', reserved_key(ARGV[2]), ARGV[5])
if not room_of(ARGV[2], ARGV[3]) then
  put_room(ARGV[2], ARGV[3], { owner = ARGV[4], made = text(NOW), empty = NOW })
end
return 1
