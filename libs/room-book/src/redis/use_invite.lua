-- ARGV: 2 id, 3 hash of the token or '' (whoever knows the id alone), 4 user or '', 5 `1` = count it.
-- Answers channel and maker; nothing = it is not valid.
local invite = invite_key(ARGV[2])
local fields = redis.call('HMGET', invite, 'hash', 'channel', 'maker', 'most', 'uses')
if not fields[1] or (ARGV[3] ~= '' and fields[1] ~= ARGV[3]) then
  return {}
end
local most, by = tonumber(fields[4]), 'by:' .. ARGV[4]
if most and ARGV[4] ~= '' and redis.call('HEXISTS', invite, by) == 0 then
  if tonumber(fields[5]) >= most then
    return {}
  end
  if ARGV[5] == '1' then
    redis.call('HINCRBY', invite, 'uses', 1)
    redis.call('HSET', invite, by, '1')
  end
end
return { fields[2], fields[3] }
