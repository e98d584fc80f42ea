-- Dashboards d1 to dN, one after the other, for wrk. Argument: N. Prints one line: requests, requests per second, 99th
-- percentile in ms, responses other than 200.

local paths, next_path = {}, 0
not_200 = 0

function init(arguments)
    for number = 1, tonumber(arguments[1]) do
        paths[number] = string.format("%s/d%d", wrk.path, number)
    end
end

function request()
    next_path = next_path % #paths + 1
    return wrk.format("GET", paths[next_path])
end

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
    print(string.format("reads %d %.3f %.3f %d", summary.requests, summary.requests / (summary.duration / 1e6),
        latency:percentile(99) / 1000, bad))
end
