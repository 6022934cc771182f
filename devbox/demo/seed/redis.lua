-- KEYS: none. ARGV: number of sessions, token of the canary. The same keys and values every time; only their expiry is counted from now.
local sessions, token = tonumber(ARGV[1]), ARGV[2]
for n = 1, sessions do
  local key = 'session:' .. n
  redis.call('HSET', key, 'user', n % 997 + 1, 'csrf', redis.sha1hex('csrf' .. n), 'seen', 1767225600 + n, 'cart', '[' .. n % 50 .. ',' .. n % 31 .. ']')
  redis.call('EXPIRE', key, 86400 + (n * 7919) % 2592000)
  redis.call('ZADD', 'session:index', n, key)
  if n % 10 == 0 then redis.call('SET', 'page:' .. n, string.rep(redis.sha1hex('page' .. n), 4)) end
end
for n = 1, 200 do
  redis.call('SET', 'counter:' .. n, n * 17)
  redis.call('RPUSH', 'queue:mail', 'message ' .. n)
  redis.call('SADD', 'tag:' .. n % 20, n)
  redis.call('XADD', 'stream:orders', n .. '-1', 'order', n, 'total', n * 3 .. '.50')
end
redis.call('SETBIT', 'bits:seen', 4096, 1)
redis.call('PFADD', 'visitors', 'a', 'b', 'c')
redis.call('SET', 'binary', string.char(0, 1, 2, 253, 254, 255, 13, 10))
redis.call('SET', 'service:canary', token)
return sessions
