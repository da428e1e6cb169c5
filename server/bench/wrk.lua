-- Prints the counts of wrk as one line of JSON. With the variable COOKIES,
-- which names a file, each request sends the next line of it as its cookies.
local file = os.getenv("COOKIES")
local requests, turn = {}, 0

if file then
  function init()
    for line in io.lines(file) do
      requests[#requests + 1] = wrk.format(nil, nil, { Host = wrk.headers["Host"], Cookie = line })
    end
  end

  function request()
    turn = turn % #requests + 1
    return requests[turn]
  end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"micros":%d,"bytes":%.0f,"failed":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, summary.bytes,
    e.connect + e.read + e.write + e.timeout + e.status,
    latency:percentile(50), latency:percentile(99)))
end
