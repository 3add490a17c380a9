-- Answers current, next or '', previous or ''; nothing = nobody has said yet.
local count = settled_count()
return count and count_reply(count) or {}
