#!/usr/bin/env python3
"""Dashboards for the benchmark, and checks of answers. Standard library only.

    dashboards.py largest channels|texts       a dashboard of nearly as many bytes of BSON as may be saved
    dashboards.py export N                     N dashboards d1, d2, … as `reporter databoard import` takes them
    dashboards.py same SENT ANSWERED           whether an answer holds what was sent
    dashboards.py points FILE CHANNEL N        whether a curve has so many points
    dashboards.py median FILE NAME FIGURE      of what was measured
"""
import json
import statistics
import sys

LARGEST_BYTES = 10 * 1024 * 1024
CURVE_SHAPES = ["linear", "spline", "hv", "vh"]


def channel(number):
    return {"backend": "store", "name": f"STORE-{number}:STATUS", "seriesId": str(1000001 + number),
            "source": "metrics-backend", "type": "enum", "shape": [], "unit": "",
            "description": f"Store {number}, observed status of each poll"}


def widget(number, channels):
    attributes = {f"{each['name']} | {each['backend']} | {each['type']}": {
        "channel": each, "displayLabel": each["description"], "axisAssignment": "y1", "color": "#1f77b4",
        "curveShape": CURVE_SHAPES[number % 4], "curveMode": "lines+markers"} for each in channels}
    axes = [{"label": f"y{axis}", "scaling": "linear", "min": None, "max": None, "manualDisplayLabel": False,
             "displayLabel": ""} for axis in range(1, 5)]
    return {"channels": channels,
            "layout": {"i": str(number), "x": number % 2 * 6, "y": number // 2 * 8, "w": 6, "h": 8, "minW": 2, "minH": 2,
                       "moved": False, "static": False},
            "plotSettings": {"plotTitle": f"Plot {number}", "curveAttributes": attributes,
                             "manualAxisAssignment": False, "yAxisAttributes": axes}}


def dashboard(widgets, first=0):
    return {"dashboard": {"widgets": [widget(w, [channel(first + 4 * w + c) for c in range(4)]) for w in range(widgets)]}}


def bson_len(value):
    """Bytes of a value in BSON, without its name. Whole numbers here fit in 32 bits."""
    if isinstance(value, dict):
        return 5 + sum(2 + len(name.encode()) + bson_len(member) for name, member in value.items())
    if isinstance(value, list):
        return 5 + sum(2 + len(str(index)) + bson_len(element) for index, element in enumerate(value))
    if isinstance(value, str):
        return 5 + len(value.encode())
    return {bool: 1, int: 4, type(None): 0}[type(value)]


def largest(kind):
    if kind == "texts":
        made = dashboard(4)
        made["dashboard"]["widgets"][0]["plotSettings"]["plotTitle"] = "é" * ((LARGEST_BYTES - bson_len(made) - 64) // 2)
        return made
    each = bson_len(dashboard(101)) - bson_len(dashboard(100))
    # Indices get longer, so that later widgets take a little more.
    return dashboard(LARGEST_BYTES // (each + 64))


def main(arguments):
    match arguments:
        case ["largest", kind]:
            print(json.dumps(largest(kind), ensure_ascii=False, separators=(",", ":")), end="")
        case ["export", count]:
            accessed = {"$date": "2026-01-01T00:00:00.000Z"}
            records = ({"_id": f"d{number}", "dashboard": dashboard(6, number), "last_access": accessed,
                        "whitelisted": False, "protected": False} for number in range(1, int(count) + 1))
            json.dump(list(records), sys.stdout)
        case ["same", sent, answered]:
            with open(sent, encoding="utf-8") as one, open(answered, encoding="utf-8") as other:
                text = other.read()
                head, rest = text[:len('{"id":"')], text[text.index('","') + 2:]
                if head != '{"id":"' or "{" + rest != one.read():
                    sys.exit(f"{answered} does not hold what was sent")
        case ["points", path, name, count]:
            with open(path, encoding="utf-8") as file:
                curve = json.load(file)["curve"]
            found = len(curve[name]), len(curve[f"{name}_meta"]["pointMeta"])
            if found != (int(count), int(count)):
                sys.exit(f"{found} points instead of {count}")
        case ["median", path, name, figure]:
            with open(path, encoding="utf-8") as file:
                kept = [json.loads(line) for line in file]
            print(statistics.median(each[figure] for each in kept if each["name"] == name and figure in each))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
