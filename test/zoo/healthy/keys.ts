/** Keys by chance, of every type, in one database of a Redis: made by a script there, which knows its seed. */
import type { Random } from './random.ts';

const script = `math.randomseed(tonumber(ARGV[1]))
local function some(most) return math.random(1, most) end
local odd = {'', ' ', 'a b', string.char(0, 255, 10, 13), 'ünï ☃', string.rep('x', 5000), '12345678901234567890', '-7', '3.0e5', '"'}
local function value() if some(3) == 1 then return odd[some(#odd)] end return 'v' .. some(100000) end
local makers = {
  function(k) redis.call('SET', k, value()) end,
  function(k) redis.call('SETBIT', k, some(4000), 1) end,
  function(k) redis.call('PFADD', k, 'a', some(100), some(100)) end,
  function(k) for i = 1, some(200) do redis.call('RPUSH', k, value()) end end,
  function(k) for i = 1, some(30) do redis.call('SADD', k, some(1000)) end end,
  function(k) for i = 1, some(300) do redis.call('SADD', k, value() .. i) end end,
  function(k) for i = 1, some(200) do redis.call('ZADD', k, some(1000) / 7, 'm' .. i) end redis.call('ZADD', k, 'inf', 'most', '-inf', 'least', '1e-300', 'little') end,
  function(k) for i = 1, some(200) do redis.call('HSET', k, 'f' .. i, value()) end end,
  function(k) redis.call('GEOADD', k, '9.99', '48.4', 'Ulm', '13.4', '52.5', 'Berlin') end,
  function(k) for i = 1, some(50) do redis.call('XADD', k, '1700000000000-' .. i, 'f', value()) end
    redis.call('XGROUP', 'CREATE', k, 'readers', '0') redis.call('XREADGROUP', 'GROUP', 'readers', 'one', 'COUNT', 3, 'STREAMS', k, '>') redis.call('XDEL', k, '1700000000000-1') end,
}
for number = 1, some(60) do
  local key = ({'key:', 'Key ', 'ünï:', '{tag}:', string.char(1, 2)})[some(5)] .. number
  makers[some(#makers)](key)
  local fate = some(8)
  if fate == 1 then redis.call('PEXPIRE', key, 2500) elseif fate == 2 then redis.call('PEXPIRE', key, some(60000) + 3000) elseif fate == 3 then redis.call('PEXPIRE', key, 900000000000) end
end
return redis.call('DBSIZE')`;

/** The argv of the command that fills database `database`. */
export const fillDatabase = (random: Random, database: number): readonly string[] => ['-n', String(database), 'EVAL', script, '0', String(random.below(1_000_000))];

const policies = ['noeviction', 'allkeys-lru', 'allkeys-lfu', 'volatile-ttl', 'volatile-lfu'];

/** What a server may be set to, and what none of it changes about the data. */
export const settings = (random: Random): readonly (readonly string[])[] => [
  ['CONFIG', 'SET', 'maxmemory-policy', random.pick(policies)], ['CONFIG', 'SET', 'hash-max-listpack-entries', random.pick(['1', '128', '512'])], ['CONFIG', 'SET', 'list-compress-depth', random.pick(['0', '1'])], ['CONFIG', 'SET', 'rdbcompression', random.pick(['yes', 'no'])],
];

export const libraryOf = (number: number): readonly string[] => ['FUNCTION', 'LOAD', `#!lua name=lib${number}\nredis.register_function('f${number}', function() return ${number} end)`];
