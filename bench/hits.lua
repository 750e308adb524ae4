-- wrk: walk over the paths of a file, again and again; prints one line of JSON.
-- wrk … -s hits.lua URL -- PATHS HEADERS [once]     `once` ends when every path was asked, and counts cache hits
local number, threads = 0, {}

function setup(thread)
  thread:set("place", number)
  number = number + 1
  table.insert(threads, thread)
end

function init(arguments)
  hits, misses, ready, next_one = 0, 0, {}, 0
  for line in io.lines(arguments[2]) do
    local name, value = line:match("^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
  for line in io.lines(arguments[1]) do
    ready[#ready + 1] = wrk.format("GET", line)
  end
  once = arguments[3] == "once"
  if not once then
    next_one = place * 499
    response = nil
  end
end

function request()
  next_one = next_one + 1
  if once and next_one > #ready then
    wrk.thread:stop()
    next_one = #ready
  end
  return ready[(next_one - 1) % #ready + 1]
end

function response(status, headers, body)
  local said = headers["Cache-Status"] or headers["cache-status"]
  if said and said:find("hit", 1, true) then
    hits = hits + 1
  else
    misses = misses + 1
  end
end

function done(summary, latency, requests)
  local hits, misses = 0, 0
  for _, thread in ipairs(threads) do
    hits = hits + (thread:get("hits") or 0)
    misses = misses + (thread:get("misses") or 0)
  end
  local wrong = summary.errors
  print(string.format(
    'JSON {"requests": %d, "seconds": %.3f, "bytes": %d, "p50_ms": %.3f, "p95_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, '
      .. '"bad_status": %d, "broken": %d, "late": %d, "hits": %d, "misses": %d}',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, wrong.status, wrong.connect + wrong.read + wrong.write, wrong.timeout,
    hits, misses))
end
