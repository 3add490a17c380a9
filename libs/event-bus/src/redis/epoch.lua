-- A number above every earlier one, even if Redis forgot those.
local drawn = tonumber(redis.call('GET', PREFIX .. 'epoch') or 0)
if not drawn then
  return corrupt(PREFIX .. 'epoch')
end
local epoch = string.format('%.0f', math.max(drawn + 1, clock_ms()))
redis.call('SET', PREFIX .. 'epoch', epoch)
return epoch
