-- ARGV: 2 channel, 3 id of the posting, 4 message or '' (it was not posted), 5 user, 6 time to live in ms.
redis.call('HDEL', BOOK .. 'posting:' .. ARGV[2], ARGV[3])
if ARGV[4] ~= '' then
  redis.call('SET', BOOK .. 'posted:' .. ARGV[4], ARGV[5], 'PX', ARGV[6])
end
return 1
