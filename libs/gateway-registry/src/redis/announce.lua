-- KEYS: registry. ARGV: instance, time to live in ms, capacity, record. Answers 1, or 0 if the registry is full.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local expires = now + tonumber(ARGV[2])
local kept, known, latest = 0, false, expires
local entries = redis.call('HGETALL', KEYS[1])
local dead = {}
for i = 1, #entries, 2 do
  local ends = tonumber(string.match(entries[i + 1], '^%d+') or '0')
  if ends <= now then
    dead[#dead + 1] = entries[i]
  else
    kept = kept + 1
    known = known or entries[i] == ARGV[1]
    latest = math.max(latest, ends)
  end
end
for _, instance in ipairs(dead) do redis.call('HDEL', KEYS[1], instance) end
if kept >= tonumber(ARGV[3]) and not known then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %.0f %s', expires, now, '') .. ARGV[4])
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', latest))
return 1
