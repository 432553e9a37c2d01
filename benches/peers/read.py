"""Peers of `promoter_seq::read`, measured on the files that `cargo bench -p promoter-benches --bench read` makes.

    pip install polars numpy
    POLARS_MAX_THREADS=2 python benches/peers/read.py target/tmp/reading.tsv target/tmp/reading.tsv.gz

Prints the median and the fastest run in ms: to polars' own strings, and to codes and labels as a network takes them.
"""

import sys
import time

import numpy as np
import polars as pl

CODE = np.full(256, 255, np.uint8)
CODE[list(b"ACGTN")] = range(5)


def rows(path):
    rows = pl.scan_csv(path, separator="\t", has_header=False, new_columns=["seq", "label"],
                       schema_overrides=[pl.String, pl.Float32])
    clean = ~pl.col("seq").str.contains("N", literal=True)
    return rows.filter((pl.col("seq").str.len_bytes() == 110) & clean).collect()


def codes(path):
    kept = rows(path)
    letters = np.frombuffer(kept["seq"].str.join("")[0].encode(), np.uint8)
    return CODE[letters].reshape(-1, 110), kept["label"].to_numpy()


for path in sys.argv[1:]:
    for task in rows, codes:
        times = []
        for _ in range(15):
            start = time.perf_counter()
            assert len(task(path)) in (2, 1_000_000)
            times.append(1000 * (time.perf_counter() - start))
        print(f"{path} to {task.__name__}: median {sorted(times)[7]:.1f}, fastest {min(times):.1f}")
