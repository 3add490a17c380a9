-- ARGV: 2 guild, 3 channel, 4 ms since somebody left, or ''. Answers for how many ms it has been empty; nothing = no such room.
local room = room_of(ARGV[2], ARGV[3])
if not room then
  return {}
end
local known, left = room.empty, ARGV[4] ~= '' and NOW - tonumber(ARGV[4]) or 0
local since = math.min(math.max(known, left), NOW)
if since <= 0 then
  since = NOW
end
if since ~= known then
  room.empty = since
  put_room(ARGV[2], ARGV[3], room)
end
return { text(NOW - since) }
