-- ARGV: 2 key, 3 runner.
local command = BOOK .. 'command:' .. ARGV[2]
local state, runner = string.match(redis.call('GET', command) or '', '^(%a+) %x+ (%S+) ')
if state == 'begun' and runner == ARGV[3] then
  redis.call('DEL', command)
end
return 1
