-- Draws an id and sends it to one subscription. ARGV: 2 an id below which none is drawn, 3 the subscription's channel.
local at_ms, at_n = id_parts(redis.call('GET', PREFIX .. 'clock') or '0-0')
if not at_ms then
  return corrupt(PREFIX .. 'clock')
end
local known_ms, known_n = id_parts(ARGV[2])
if is_after(known_ms, known_n, at_ms, at_n) then
  at_ms, at_n = known_ms, known_n
end
local id = id_text(next_id(at_ms, at_n, clock_ms()))
redis.call('SET', PREFIX .. 'clock', id)
redis.call('SPUBLISH', ARGV[3], 'tick ' .. id)
return id
