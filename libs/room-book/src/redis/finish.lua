-- ARGV: 2 key, 3 content, 4 runner, 5 answer, 6 time to live in ms. What somebody else began since stays.
local command = BOOK .. 'command:' .. ARGV[2]
local stored = redis.call('GET', command)
if stored then
  local content, runner = string.match(stored, '^%a+ (%x+) (%S+) ')
  if content ~= ARGV[3] or runner ~= ARGV[4] then
    return 0
  end
end
redis.call('SET', command, 'done ' .. ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. ARGV[5], 'PX', ARGV[6])
return 1
