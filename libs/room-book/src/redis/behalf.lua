-- ARGV: 2 channel, 3 message, 4 mark, 5 time to live in ms. Answers the user, `unclear`, or '' = nobody.
local posted = BOOK .. 'posted:' .. ARGV[3]
local known = redis.call('GET', posted)
if known then
  return known
end
local postings = BOOK .. 'posting:' .. ARGV[2]
local entries = redis.call('HGETALL', postings)
local found, user = nil, nil
for i = 1, #entries, 2 do
  local by, ends, mark = string.match(entries[i + 1], '^(%d+) (%d+) (.*)$')
  if mark == ARGV[4] and tonumber(ends) > NOW then
    if user and user ~= by then
      return 'unclear'
    end
    found, user = entries[i], by
  end
end
if not user then
  return ''
end
redis.call('HDEL', postings, found)
redis.call('SET', posted, user, 'PX', ARGV[5])
return user
