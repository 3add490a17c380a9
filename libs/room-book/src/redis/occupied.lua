-- ARGV: 2 guild, 3 channel.
local room = room_of(ARGV[2], ARGV[3])
if room and room.empty ~= 0 then
  room.empty = 0
  put_room(ARGV[2], ARGV[3], room)
end
return 1
