-- For wrk: posts the reviews of a file, one a line, in turn, and says what came of it in one line.
local requests = {}
local turn = 0

function init(args)
  for line in io.lines(args[1]) do
    if line ~= '' then
      requests[#requests + 1] = wrk.format('POST', nil, { ['content-type'] = 'application/json' }, line)
    end
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  local failures = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(
    string.format(
      'RESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"failures":%d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failures
    )
  )
end
