-- KEYS[1]: when the bucket is full again, in microseconds of this server's clock; absent = it is full
-- ARGV: microseconds until one token comes back, how many the bucket holds
-- Returns 0 if one was taken, else in how many microseconds there is one.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local each, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = tonumber(redis.call('GET', KEYS[1]) or now)
-- a clock that went back leaves nobody waiting for longer than an empty bucket does
full = math.min(math.max(full, now), now + burst * each)
local after = full + each
local missing = after - (now + burst * each)
if missing > 0 then
    return math.ceil(missing)
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return 0
