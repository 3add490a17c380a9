-- ARGV: 2 key, 3 content, 4 runner, 5 time to live in ms. What is stored is `begun content runner` or `done content runner answer`.
local command = BOOK .. 'command:' .. ARGV[2]
local stored = redis.call('GET', command)
if not stored then
  redis.call('SET', command, 'begun ' .. ARGV[3] .. ' ' .. ARGV[4] .. ' ', 'PX', ARGV[5])
  return { 'new' }
end
local state, content, runner, answer = string.match(stored, '^(%a+) (%x+) (%S+) (.*)$')
if content ~= ARGV[3] then
  return { 'another' }
elseif state == 'done' then
  return { 'done', answer }
elseif runner == ARGV[4] then
  return { 'new' }
end
return { 'under-way' }
