#!/usr/bin/env python3
"""Measures commands by turns (A B A B ...) and prints what comes out beside its limit. Standard library only.

    measure.py run --results FILE --runs N [--ok CODES] NAME PREPARE COMMAND [NAME PREPARE COMMAND ...]
    measure.py start --results FILE --runs N NAME URL COMMAND
    measure.py add --results FILE NAME FIGURE VALUE
    measure.py same URL URL
    measure.py table --results FILE

`run` takes wall time, CPU time (user and system, of the command's own process and its children) and peak resident
memory, as the kernel reports them when the process ends (the last by way of GNU time). PREPARE is a shell line that
is not measured. `start` takes the time from the start of a server to its first 200, and its resident memory two
seconds after that. `same` compares two responses that list cooling units.
"""
import argparse
import json
import math
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request


def measured(command, accepted):
    with tempfile.NamedTemporaryFile("r") as peak:
        # GNU time for the peak alone: the kernel counts what a process was before it became another program, so a
        # child of Python has at least Python's peak.
        timed = ["/usr/bin/time", "--quiet", "--format", "%M", "--output", peak.name, *shlex.split(command)]
        begin = time.perf_counter()
        process = subprocess.Popen(timed, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        code = os.waitstatus_to_exitcode(status)
        if code not in accepted:
            sys.exit(f"exit {code}: {command}")
        return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mib": int(peak.read()) / 1024}


def keep(path, name, figures):
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({"name": name, **figures}) + "\n")


def run(arguments):
    accepted = {int(code) for code in arguments.ok.split(",")}
    cases = [arguments.cases[i : i + 3] for i in range(0, len(arguments.cases), 3)]
    for _ in range(arguments.runs):
        for name, prepare, command in cases:
            if prepare:
                subprocess.run(prepare, shell=True, check=True, stdout=subprocess.DEVNULL)
            figures = measured(command, accepted)
            keep(arguments.results, name, figures)
            print(f"  {name:18} wall {figures['wall_s']:.3f} s  cpu {figures['cpu_s']:.3f} s  "
                  f"peak {figures['peak_mib']:.1f} MiB", flush=True)


def first_200(url, process):
    while process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                if response.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.0005)
    sys.exit(f"ended with {process.returncode} before it answered")


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def start(arguments):
    for _ in range(arguments.runs):
        begin = time.perf_counter()
        process = subprocess.Popen(
            shlex.split(arguments.command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            first_200(arguments.url, process)
            figures = {"first_200_ms": (time.perf_counter() - begin) * 1000}
            time.sleep(2)
            figures["idle_mib"] = resident_mib(process.pid)
        finally:
            process.terminate()
            process.wait()
        keep(arguments.results, arguments.name, figures)
        print(f"  {arguments.name:18} first 200 after {figures['first_200_ms']:.1f} ms  "
              f"idle {figures['idle_mib']:.1f} MiB", flush=True)


def is_same(one, other):
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    # SQL's aggregates over nothing are null where ours are an empty list or dictionary.
    return one == other or (not one and not other)


def same(arguments):
    one, other = (json.load(urllib.request.urlopen(url))["cooling_units"] for url in (arguments.one, arguments.other))
    columns = sorted(one[0].keys() & other[0].keys())
    different = [(a["cooling_unit_id"], column) for a, b in zip(one, other, strict=True) for column in columns
                 if not is_same(a[column], b[column])]
    print(f"  {len(one)} cooling units, {len(columns)} columns, {len(different)} differences")
    if different or not one:
        sys.exit(f"the responses differ: {different[:10]}")


# What is shown: label, case, figure, unit, limit, peer. With a peer the limit is on the ratio of the medians.
ROWS = [
    ("small, 93 days: CPU of the reporter", "small", "cpu_s", "s", "<", 0.5, None),
    ("medium, first run: CPU of the reporter", "write", "cpu_s", "s", "<", 3, None),
    ("medium, first run: peak memory", "write", "peak_mib", "MiB", "<", 128, None),
    ("one late day: CPU ÷ first run", "late day", "cpu_s", "s", "<=", 0.1, "write"),
    ("next run without dates: CPU ÷ first run", "next run", "cpu_s", "s", None, None, "write"),
    ("--dry-run: wall ÷ one SQL statement", "dry run", "wall_s", "s", "<=", 1.3, "statement"),
    ("writing: wall ÷ that statement writing", "write", "wall_s", "s", "<=", 2.5, "statement writes"),
    ("impact, all months, --dry-run: wall ÷ one SQL statement", "impact dry run", "wall_s", "s", "<=", 1.3,
     "impact statement"),
    ("impact, all months, writing: wall ÷ that statement", "impact", "wall_s", "s", "<=", 1.3, "impact statement"),
    ("impact, all months: peak memory", "impact", "peak_mib", "MiB", None, None, None),
    ("four times the days: peak memory ÷ once", "368 days", "peak_mib", "MiB", "<=", 1.25, "92 days"),
    ("slice, 12 × 90 days: requests/s ÷ bare handler", "api", "requests_per_s", "1/s", ">=", 0.6, "bare handler"),
    ("slice, 12 × 90 days: p99", "api", "p99_ms", "ms", None, None, "bare handler"),
    ("API: resident memory, idle", "api", "idle_mib", "MiB", "<=", 25, None),
    ("GET /, 50 connections: p99", "start_page", "p99_ms", "ms", "<", 50, None),
    ("GET /, 50 connections: CPU of the API per request", "start_page", "cpu_ms", "ms", None, None, None),
    ("comparison page, 12 × 90 days: first byte", "page compare", "server_ms", "ms", "<", 150, None),
    ("comparison page, 12 × 90 days: CPU of the API", "page compare", "cpu_ms", "ms", None, None, None),
    ("impact page, 12 × 90 days: first byte", "page impact", "server_ms", "ms", None, None, None),
    ("company page: first byte", "page company", "server_ms", "ms", None, None, None),
    ("status page: first byte", "page status", "server_ms", "ms", None, None, None),
    ("slowest page: first contentful paint", "pages", "paint_ms", "ms", "<", 1000, None),
    ("heaviest page: sent, with all its files", "pages", "sent_kb", "kB", None, None, None),
    ("heaviest page: decoded, with all its files", "pages", "weight_kb", "kB", "<", 500, None),
    ("API: start to first 200", "api", "first_200_ms", "ms", "<=", 60, None),
    ("uptime, full report: CPU ÷ DuckDB", "uptime", "cpu_s", "s", "<=", 0.2, "uptime duckdb"),
    ("uptime, full report: CPU", "uptime", "cpu_s", "s", "<=", 0.6, None),
    ("uptime, full report: wall ÷ DuckDB", "uptime", "wall_s", "s", None, None, "uptime duckdb"),
    ("uptime, full report: peak memory", "uptime", "peak_mib", "MiB", "<=", 96, None),
    ("uptime, one thread: CPU", "uptime 1 thread", "cpu_s", "s", None, None, None),
    ("uptime, five fleets: CPU ÷ one", "uptime five", "cpu_s", "s", "<=", 6, "uptime"),
    ("uptime, five fleets: CPU ÷ DuckDB", "uptime five", "cpu_s", "s", "<=", 0.2, "uptime five duckdb"),
    ("uptime, five fleets: peak memory", "uptime five", "peak_mib", "MiB", "<=", 200, None),
    ("uptime, a year of polls: CPU", "uptime history", "cpu_s", "s", None, None, None),
    ("uptime, a year of polls: peak memory ÷ eight days", "uptime history", "peak_mib", "MiB", "<=", 3, "uptime"),
]


def table(arguments):
    figures = {}
    with open(arguments.results, encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            name = entry.pop("name")
            for figure, value in entry.items():
                figures.setdefault((name, figure), []).append(value)
    print("| what | median (least to most) | peer | ratio | limit | |")
    print("|---|---|---|---|---|---|")
    missed = False
    for label, case, figure, unit, sign, limit, peer in ROWS:
        values = figures.get((case, figure))
        if not values:
            continue
        ours = statistics.median(values)
        theirs = statistics.median(figures[(peer, figure)]) if (peer, figure) in figures else None
        if peer and theirs is None:
            continue
        ratio = ours / theirs if peer else None
        shown = ratio if peer else ours
        verdict = ""
        if sign:
            kept = {"<": shown < limit, "<=": shown <= limit, ">=": shown >= limit}[sign]
            verdict = "kept" if kept else "MISSED"
            missed |= not kept
        number = lambda value: f"{value:.3f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
        print(f"| {label} | {number(ours)} {unit} ({number(min(values))} to {number(max(values))}) "
              f"| {f'{number(theirs)} {unit}' if peer else ''} | {f'{ratio:.2f}' if peer else ''} "
              f"| {f'{sign} {limit}' if sign else ''} | {verdict} |")
    sys.exit(1 if missed else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(required=True)
    action = actions.add_parser("run")
    action.add_argument("--results", required=True)
    action.add_argument("--runs", type=int, default=5)
    action.add_argument("--ok", default="0", help="exit codes that count as done")
    action.add_argument("cases", nargs="+")
    action.set_defaults(do=run)
    action = actions.add_parser("add")
    action.add_argument("--results", required=True)
    action.add_argument("name")
    action.add_argument("figure")
    action.add_argument("value", type=float)
    action.set_defaults(do=lambda a: keep(a.results, a.name, {a.figure: a.value}))
    action = actions.add_parser("start")
    action.add_argument("--results", required=True)
    action.add_argument("--runs", type=int, default=5)
    action.add_argument("name")
    action.add_argument("url")
    action.add_argument("command")
    action.set_defaults(do=start)
    action = actions.add_parser("same")
    action.add_argument("one")
    action.add_argument("other")
    action.set_defaults(do=same)
    action = actions.add_parser("table")
    action.add_argument("--results", required=True)
    action.set_defaults(do=table)
    arguments = parser.parse_args()
    arguments.do(arguments)


if __name__ == "__main__":
    main()
