#!/usr/bin/env python3
"""Runs report.sql beside this file: duckdb_report.py STATUS HOURS ZONES REPORT. Needs the package duckdb."""
import pathlib
import string
import sys

import duckdb

names = dict(zip(("status", "hours", "zones", "report"), sys.argv[1:], strict=True))
script = pathlib.Path(__file__).with_name("report.sql").read_text(encoding="utf-8")
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
# In comments the names stay as they are.
connection.execute(string.Template(script).safe_substitute(names))
