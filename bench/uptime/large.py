#!/usr/bin/env python3
"""Writes a fleet that is larger than memory, hour by hour: python3 large.py FOLDER [--stores N] [--seed N]

status.csv has a poll of each store in each of the 192 hours of the lookback, store by store within an hour, so that no
two polls of a store stand together; hours.csv and zones.csv as files of stores have them: hours on six or seven days,
half of them to 23:59, a fifth of the stores without any; three zones. Only an hour is in memory at a time.
"""
import argparse
import pathlib

import numpy

HOUR_US = 3_600_000_000
START_US = 1_674_000_000_000_000  # 2023-01-18 00:00 UTC
HOURS = 192
ZONES = numpy.array([b"America/New_York", b"America/Chicago", b"America/Los_Angeles"])


def two(numbers):
    """Two digits of each."""
    return numpy.stack([numbers // 10 + 48, numbers % 10 + 48], axis=1).astype(numpy.uint8)


def digits(numbers, count):
    """The last `count` digits of each."""
    return numpy.stack([numbers // 10 ** place % 10 + 48 for place in range(count - 1, -1, -1)], axis=1).astype(
        numpy.uint8)


def text(value, count):
    return numpy.broadcast_to(numpy.frombuffer(value, numpy.uint8), (count, len(value)))


def hour_of_polls(random, ids, hour, is_down):
    """Rows of one hour: every store once, at an instant of its own."""
    at_us = random.integers(0, HOUR_US, len(ids))
    date = numpy.datetime64(START_US + hour * HOUR_US, "us")
    day = str(date)[:10].encode()
    minutes, rest = numpy.divmod(at_us, 60_000_000)
    seconds, fraction = numpy.divmod(rest, 1_000_000)
    count = len(ids)
    for down, status in ((False, b",active,"), (True, b",inactive,")):
        chosen = is_down == down
        count = int(chosen.sum())
        yield numpy.concatenate([
            ids[chosen], text(status + day + b" %02d:" % (hour % 24), count), two(minutes[chosen]),
            text(b":", count), two(seconds[chosen]), text(b".", count), digits(fraction[chosen], 6),
            text(b" UTC\n", count)], axis=1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--stores", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random = numpy.random.default_rng(arguments.seed)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    count = arguments.stores
    # Numbers of 18 digits, all different: the first nine are the store's own.
    numbers = (random.permutation(count) + 10**8) * 10**9 + random.integers(0, 10**9, count)
    ids = digits(numbers, 18)

    with open(arguments.folder / "zones.csv", "wb") as file:
        file.write(b"store_id,timezone_str\n")
        for number, zone in zip(numbers, random.choice(ZONES, count)):
            file.write(b"%d,%s\n" % (number, zone))
    with open(arguments.folder / "hours.csv", "wb") as file:
        file.write(b"store_id,day,start_time_local,end_time_local\n")
        opens, is_late = random.integers(6, 12, count), random.random(count) < 0.5
        for number, start, late, has in zip(numbers, opens, is_late, random.random(count) < 0.8):
            if has:
                end = b"23:59:00" if late else b"%02d:15:00" % (start + 10)
                file.write(b"".join(b"%d,%d,%02d:00:00,%s\n" % (number, day, start, end) for day in range(7)))
    with open(arguments.folder / "status.csv", "wb") as file:
        file.write(b"store_id,status,timestamp_utc\n")
        is_down = random.random(count) < 0.2
        for hour in range(HOURS):
            # Outages last six polls on average.
            is_down ^= random.random(count) < numpy.where(is_down, 1 / 6, 1 / 24)
            for rows in hour_of_polls(random, ids, hour, is_down):
                file.write(rows)
    print(f"{HOURS * count} polls of {count} stores")


main()
