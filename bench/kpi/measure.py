"""Runs the KPIs and, beside them, the same statements in psql: see run."""
import argparse
import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import time

import queries

ENVIRONMENT = "development (v2, the newest set)"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--reporter-kpi", required=True)
    parser.add_argument("--psql", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--queries", type=pathlib.Path)
    parser.add_argument("--label", required=True)
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


def definitions(given, concurrency, names):
    """Writes the definitions; `names` None means all of them."""
    text = (pathlib.Path(__file__).parent / "kpis.toml").read_text(encoding="utf-8")
    text = text.replace("[defaults]", f"[defaults]\nconcurrency = {concurrency}")
    for name, sql in given:
        if names is None or name in names:
            text += f"\n[[kpi]]\nname = {json.dumps(name)}\nform = \"rows\"\nmax_rows = 1000000\nsql = {json.dumps(sql)}\n"
    return text


class Program:
    def __init__(self, options):
        self.options = options
        self.file = options.work / "kpis.toml"

    def run(self, command, *more):
        """Standard output, seconds, CPU seconds, peak MiB."""
        line = [self.options.reporter_kpi, command, *more, "--file", str(self.file)]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(["/usr/bin/time", "--quiet", "--format", "%M", *line], capture_output=True, text=True)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in (0, 4):
            sys.exit(f"{line}: {done.stderr}")
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return done.stdout, wall, cpu, int(done.stderr.split()[-1]) / 1024

    def measured(self, given, concurrency, names, before_each=lambda: None):
        """Medians of seconds, CPU seconds, peak MiB and the KPIs' own seconds; the KPIs without a value."""
        self.file.write_text(definitions(given, concurrency, names), encoding="utf-8")
        runs = []
        for _ in range(self.options.runs):
            before_each()
            out, wall, cpu, peak = self.run("run", "--dry-run", "--json", "--quiet")
            results = json.loads(out)["results"]
            bad = [f"{result['name']}: {result['error']}" for result in results if result["status"] != "ok"]
            runs.append((wall, cpu, peak, sum(result["duration_ms"] for result in results) / 1000, bad))
        bad = runs[-1][4]
        return [statistics.median(run[place] for run in runs) for place in range(4)], bad

    def statement(self, name):
        """The statement that a KPI is in its database, and that database; None when it runs in the engine."""
        out, *_ = self.run("explain", name)
        found = re.search(r"^to (\w+):\n((?:  .*\n)+)", out, re.M)
        if "runs here" in out or not found:
            return None
        return found[1], "\n".join(line[2:] for line in found[2].splitlines())


def psql_seconds(options, statements):
    """psql's own timings of statements, each (database, text): one connection for each database, one after the other."""
    seconds = []
    for database in sorted({database for database, _ in statements}):
        url = os.environ[f"BENCH_{database.upper()}"]
        texts = [sql for of, sql in statements if of == database]
        script = "\\timing on\nSET default_transaction_read_only = on;\n" + "".join(f"{sql};\n" for sql in texts)
        done = subprocess.run([options.psql, "-X", "-q", "-d", url, "-o", "/dev/null", "-v", "ON_ERROR_STOP=1"],
                              input=script, capture_output=True, text=True, check=True)
        timings = [float(ms) for ms in re.findall(r"^Time: ([0-9.]+) ms", done.stdout, re.M)][1:]
        if len(timings) != len(texts):
            sys.exit(f"psql told {len(timings)} times of {len(texts)} statements in {database}: {done.stderr}")
        seconds += [ms / 1000 for ms in timings]
    return seconds


def main():
    options = arguments()
    if options.queries:
        entries = json.loads(options.queries.read_text(encoding="utf-8"))["queries"]
        given = [(f"q{entry['id']}", entry["sql"]) for entry in entries if ENVIRONMENT in entry["environments"]]
    else:
        given = [(f"q{number}", sql) for number, sql in enumerate(queries.ONE + queries.ACROSS, 1)]
    program = Program(options)
    program.file.write_text(definitions(given, 1, None), encoding="utf-8")
    # Names that begin alike are told apart by their ends.
    statements = {name: program.statement(name) for name, _ in given}
    whole = {name: found for name, found in statements.items() if found}
    across = [name for name, _ in given if name not in whole]

    # In turns with psql: the machine's speed changes within minutes.
    timings = []
    (wall, cpu, peak, total), bad = program.measured(
        given, 1, whole, lambda: timings.append(psql_seconds(options, whole.values())))
    seconds = [statistics.median(each) for each in zip(*timings)]
    bound = 1.1 * sum(seconds) + 0.002 * len(seconds)
    print(f"\n{options.label}: {len(given)} KPIs, {len(whole)} of them one statement of one database")
    print(f"  psql, sum of its timings            {sum(seconds):8.3f} s")
    one = wall
    kept = "kept" if total <= bound else "MISSED"
    report("the same KPIs, 1 at a time", total, wall, cpu, peak, f"bound {bound:.3f} s summed: {kept}", bad)
    (wall, cpu, peak, total), bad = program.measured(given, 4, whole)
    # As long as a statement takes next to nothing, sessions that begin take what they save.
    report("the same KPIs, 4 at a time", total, wall, cpu, peak, f"{wall / one:.2f} of one at a time", bad)
    if across:
        (wall, cpu, peak, total), bad = program.measured(given, 1, across)
        report(f"{len(across)} others, in the engine", total, wall, cpu, peak, "no bound", bad)
    first = given[0][0]
    # What the database itself takes for it is not the program's.
    timings.clear()
    (wall, *_), _ = program.measured(
        given, 1, [first], lambda: timings.append(sum(psql_seconds(options, [whole[first]] if first in whole else []))))
    own = statistics.median(timings)
    kept = "kept" if wall - own <= 0.15 else "MISSED"
    print(f"  start of the program to the end of one KPI {wall * 1000:6.0f} ms, {own * 1000:.0f} ms of it in the database "
          f"(bound 150 ms without these: {kept})")


def report(what, total, wall, cpu, peak, bound, bad):
    print(f"  {what:<34}{total:8.3f} s summed, {wall:6.3f} s wall, {cpu:6.2f} s CPU, {peak:6.1f} MiB  ({bound})")
    for line in bad:
        print("    no value:", line[:160])


main()
