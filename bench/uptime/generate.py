#!/usr/bin/env python3
"""Writes polls, opening hours and zones of an invented fleet whose shape is that of a real one. Needs numpy.

    generate.py FOLDER [--stores N] [--seed N] [--history N]

FOLDER gets status.csv, hours.csv and zones.csv. With 14,092 stores (the default) there are about 1.84 million polls:
seven days and eighteen hours, of which the fleet was polled in two hours of three, in no order, the active ones first;
fractions of seconds without their last zeros; hours that end at 23:59 and mean midnight; split days; stores without
zone, hours or polls. --history N writes N older copies of the polls before them, each eight days earlier.
"""
import argparse
import datetime
import pathlib

import numpy

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
START_US = 1_674_000_000_000_000  # 2023-01-18 00:00 UTC
HOURS = 187
ZONES = {
    "America/New_York": 0.42, "America/Chicago": 0.28, "America/Los_Angeles": 0.17, "America/Denver": 0.06,
    "America/Phoenix": 0.03, "America/Boise": 0.01, "America/Detroit": 0.01, "America/Anchorage": 0.005,
    "Pacific/Honolulu": 0.005, "America/Puerto_Rico": 0.005, "Asia/Beirut": 0.005,
}


def store_ids(random, count):
    """Numbers of 15 to 19 digits, all different."""
    digits = random.choice([15, 16, 17, 18, 19], count, p=[0.01, 0.02, 0.07, 0.3, 0.6])
    numbers = {int(10 ** (digit - 1) + random.integers(0, 8 * 10 ** (digit - 1))) for digit in digits}
    while len(numbers) < count:
        numbers.add(int(random.integers(10**18, 9 * 10**18)))
    return [str(number) for number in sorted(numbers)]


def hours_of(random, store):
    """Opening hours of one store: most end at 23:59, some days are closed or split."""
    opens, closes = int(random.integers(6, 12)), int(random.integers(18, 24))
    is_late, is_split = random.random() < 0.35, random.random() < 0.2
    for day in range(7):
        kind = random.random()
        if kind < 0.03:
            continue
        if is_late:
            end = "23:59:00" if random.random() < 0.5 else "23:59:59"
            yield f"{store},{day},{'00:00:00' if kind < 0.4 else f'{opens:02}:00:00'},{end}\n"
        elif is_split and kind < 0.85:
            yield f"{store},{day},{opens:02}:00:00,14:30:00\n"
            yield f"{store},{day},17:00:00,{closes:02}:00:00\n"
        elif kind < 0.05:
            yield f"{store},{day},18:00:00,02:00:00\n"
        else:
            yield f"{store},{day},{opens:02}:30:00,{closes:02}:15:00\n"


def polls_of(random, polled_us):
    """Instants of the polls of one store, and whether it was down: outages last six polls on average."""
    regular = polled_us[random.random(len(polled_us)) < 0.997]
    extra = polled_us[random.random(len(polled_us)) < 0.0295]
    at_us = numpy.concatenate([regular, extra])
    at_us = numpy.sort(at_us + random.integers(0, HOUR_US, len(at_us)))
    share = random.choice([0.0, 0.05, 0.3, 0.6, 1.0], p=[0.4, 0.15, 0.2, 0.15, 0.1])
    flips = random.random(len(at_us))
    is_down, down = random.random() < share, numpy.empty(len(at_us), bool)
    for index, flip in enumerate(flips):
        down[index] = is_down
        if 0 < share < 1:
            rate = 1 / 6 if is_down else share / (1 - share) / 6
            is_down ^= bool(flip < rate)
    return at_us, down


def polls_of_all(random, ids):
    polled_us = START_US + numpy.flatnonzero(random.random(HOURS) < 0.69) * HOUR_US
    active, inactive = [], []
    for store in ids:
        at_us, down = polls_of(random, polled_us)
        for text, is_down in zip(at_us.astype("datetime64[us]").astype(str), down):
            text = f"{text[:10]} {text[11:]}".rstrip("0").rstrip(".") if "." in text else text.replace("T", " ")
            status = "inactive" if is_down else "active"
            (inactive if is_down else active).append(f"{store},{status},{text} UTC\n")
    lines = []
    for rows in (active, inactive):
        lines.extend(rows[index] for index in random.permutation(len(rows)))
    return "".join(lines).encode()


def earlier(polls, days):
    """The same polls on earlier dates, from the first date on, so that none is replaced twice."""
    first = datetime.date(2023, 1, 18)
    for day in range(9):
        date = first + datetime.timedelta(day)
        polls = polls.replace(f",{date} ".encode(), f",{date - datetime.timedelta(days)} ".encode())
    return polls


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--stores", type=int, default=14_092)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--history", type=int, default=0)
    arguments = parser.parse_args()
    random = numpy.random.default_rng(arguments.seed)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    polled = store_ids(random, arguments.stores)
    # No polled id begins with 9.
    unpolled = sorted({f"9{store[-14:]}" for store in polled[: arguments.stores // 100]})
    everybody = polled + unpolled

    with open(arguments.folder / "zones.csv", "w", encoding="utf-8") as file:
        names, shares = list(ZONES), list(ZONES.values())
        file.write("store_id,timezone_str\n")
        zones = random.choice(names, len(everybody), p=shares)
        has_zone = random.random(len(everybody)) < 0.954
        file.writelines(f"{store},{zone}\n" for store, zone, has in zip(everybody, zones, has_zone) if has)

    with open(arguments.folder / "hours.csv", "w", encoding="utf-8") as file:
        rows = [row for store in everybody if random.random() < 0.78 for row in hours_of(random, store)]
        file.write("store_id,day,start_time_local,end_time_local\n")
        file.writelines(rows[index] for index in random.permutation(len(rows)))

    with open(arguments.folder / "status.csv", "wb") as file:
        polls = polls_of_all(random, polled)
        file.write(b"store_id,status,timestamp_utc\n")
        for age in range(arguments.history, 0, -1):
            file.write(earlier(polls, 8 * age))
        file.write(polls)
    count = polls.count(b"\n") * (arguments.history + 1)
    print(f"{count} polls, {len(rows)} hours, {int(has_zone.sum())} zones")


main()
