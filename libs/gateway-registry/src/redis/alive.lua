-- KEYS: registry. Answers instance, heartbeat, record of each that is alive, in a flat list; removes the others.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local entries = redis.call('HGETALL', KEYS[1])
local alive = {}
for i = 1, #entries, 2 do
  local ends, heartbeat, record = string.match(entries[i + 1], '^(%d+) (%d+) (.*)$')
  if ends and tonumber(ends) > now then
    alive[#alive + 1] = entries[i]
    alive[#alive + 1] = heartbeat
    alive[#alive + 1] = record
  else
    redis.call('HDEL', KEYS[1], entries[i])
  end
end
return alive
