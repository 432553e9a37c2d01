"""Reads and filters the files of benches/read.rs with polars, two threads."""

import os
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "2"
import polars as pl


def read(path):
    rows = pl.scan_csv(path, separator="\t", has_header=False, new_columns=["seq", "label"],
                       schema_overrides=[pl.String, pl.Float32])
    clean = ~pl.col("seq").str.contains("N", literal=True)
    return rows.filter((pl.col("seq").str.len_bytes() == 110) & clean).collect()


for path in sys.argv[1:]:
    times = []
    for _ in range(21):
        start = time.perf_counter()
        assert read(path).height == 1_000_000
        times.append(1000 * (time.perf_counter() - start))
    print(f"{path}: median {sorted(times)[10]:.1f} ms, fastest {min(times):.1f} ms")
