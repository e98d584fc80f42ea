-- Dashboards d1 to dN, one after the other, for wrk. Argument: N.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "../counting.lua")

local paths, next_path = {}, 0

function init(arguments)
    for number = 1, tonumber(arguments[1]) do
        paths[number] = string.format("%s/d%d", wrk.path, number)
    end
end

function request()
    next_path = next_path % #paths + 1
    return wrk.format("GET", paths[next_path])
end
