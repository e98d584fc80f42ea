-- 200 different slices of 12 cooling units and 90 days, again and again, for wrk.
-- Arguments: ids of cooling units (comma-separated), first day (YYYY-MM-DD), number of days in the table.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "counting.lua")

local COMBINATIONS, UNITS, DAYS = 200, 12, 90
local paths, next_path = {}, 0

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
