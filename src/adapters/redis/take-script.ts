import { createHash } from 'node:crypto';

/**
 * The sliding window of src/adapters/memory/sliding-window.ts as one atomic Lua script on one key.
 * KEYS[1]: the key. ARGV: countMax, windowMs, cost, momentsMax. Returns 0 when taken, else the ms to wait.
 * The value is a flat list of moments (from, to, count), oldest first, and expires when nothing in it counts any more.
 * The script uses the Redis server's clock, so that servers whose clocks differ share one window. If that clock steps
 * back, the moments are moved back with it; otherwise the key would be blocked until the clock has caught up.
 *
 * Why: docs/DECISIONS.md#shared-limits-take-rediss-time
 */
export const TAKE_SCRIPT = `
local count_max, window, cost, moments_max =
  tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if cost > count_max then return window end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local packed = redis.call('GET', KEYS[1])
local known = packed and cmsgpack.unpack(packed) or {}
local back = #known > 0 and math.max(0, known[#known - 1] - now) or 0

local moments, taken = {}, 0
for i = 1, #known, 3 do
  local to = known[i + 1] - back
  if to + window > now then
    moments[#moments + 1] = known[i] - back
    moments[#moments + 1] = to
    moments[#moments + 1] = known[i + 2]
    taken = taken + known[i + 2]
  end
end

if taken + cost > count_max then
  for i = 1, #moments, 3 do
    taken = taken - moments[i + 2]
    if taken + cost <= count_max then return math.max(1, moments[i + 1] + window - now) end
  end
end

local last = #moments
local full = last / 3 >= moments_max
if last > 0 and (moments[last - 1] == now or (full and now - moments[last - 2] < window / moments_max)) then
  moments[last - 1] = now
  moments[last] = moments[last] + cost
else
  moments[last + 1], moments[last + 2], moments[last + 3] = now, now, cost
end
redis.call('SET', KEYS[1], cmsgpack.pack(moments), 'PX', window)
return 0
`;

/** The script's name for EVALSHA. */
export const TAKE_SCRIPT_SHA1 = createHash('sha1').update(TAKE_SCRIPT).digest('hex');
