-- 200 different slices of 12 cooling units and 90 days, again and again, for wrk.
-- Arguments: ids of cooling units (comma-separated), first day (YYYY-MM-DD), number of days in the table.
-- Prints one line: requests per second, 99th percentile in ms, responses other than 200.

local COMBINATIONS, UNITS, DAYS = 200, 12, 90
local paths, next_path = {}, 0
not_200 = 0

function init(arguments)
    local ids = {}
    for id in arguments[1]:gmatch("%d+") do
        ids[#ids + 1] = id
    end
    local year, month, day = arguments[2]:match("(%d+)-(%d+)-(%d+)")
    local first = os.time({year = year, month = month, day = day, hour = 12})
    local starts = tonumber(arguments[3]) - DAYS + 1
    for i = 0, COMBINATIONS - 1 do
        local wanted = {}
        for k = 0, UNITS - 1 do
            wanted[#wanted + 1] = ids[(i * 7 + k * math.floor(#ids / UNITS)) % #ids + 1]
        end
        local from = first + (i * 37 % starts) * 86400
        paths[#paths + 1] = string.format(
            "/api/coolingunit-slice?unit_ids=%s&start_date=%s&end_date=%s", table.concat(wanted, ","),
            os.date("!%Y-%m-%d", from), os.date("!%Y-%m-%d", from + (DAYS - 1) * 86400))
    end
end

function request()
    next_path = next_path % #paths + 1
    return wrk.format("GET", paths[next_path], {["Accept-Encoding"] = "identity"})
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
    print(string.format("slices %.3f %.3f %d", summary.requests / (summary.duration / 1e6),
        latency:percentile(99) / 1000, bad))
end
