#!/usr/bin/env python3
"""Compares the columns that two reports share: compare.py OURS OTHER. Exit code 1 when a figure differs."""
import csv
import sys


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return {row.pop("store_id"): row for row in csv.DictReader(file)}


ours, other = (rows(path) for path in sys.argv[1:3])
if ours.keys() != other.keys() or not ours:
    sys.exit(f"not the same stores: {len(ours)} and {len(other)}")
columns = next(iter(other.values())).keys()
different = [(store, name) for store, row in other.items() for name in columns if ours[store][name] != row[name]]
print(f"  {len(ours)} stores, {len(columns)} columns, {len(different)} differences")
if different:
    sys.exit(f"the reports differ: {different[:10]}")
