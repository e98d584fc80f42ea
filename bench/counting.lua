-- Counts what scripts for wrk that load this get, and prints one line at the end: requests, requests per second, 99th
-- percentile in ms, responses other than 200.

not_200 = 0

function response(status)
    if status ~= 200 then
        not_200 = not_200 + 1
    end
end

local threads = {}

function setup(thread)
    threads[#threads + 1] = thread
end

function done(summary, latency)
    local errors = summary.errors
    local bad = errors.connect + errors.read + errors.write + errors.timeout
    for _, thread in ipairs(threads) do
        bad = bad + thread:get("not_200")
    end
    -- wrk writes lines of its own as well.
    print(string.format("counted %d %.3f %.3f %d", summary.requests, summary.requests / (summary.duration / 1e6),
        latency:percentile(99) / 1000, bad))
end
