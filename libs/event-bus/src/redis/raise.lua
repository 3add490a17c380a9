-- Raises the fence of a shard. ARGV: 1-4 as above, 5 shard, 6 token.
local refusal = fenced_off(ARGV[5], ARGV[6])
if refusal then
  return refusal
end
keep_fence(ARGV[5], ARGV[6])
return 'OK'
