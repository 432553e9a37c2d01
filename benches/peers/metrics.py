"""Peers of promoter-metrics, measured after `cargo bench -p promoter-benches --bench metrics`.

    pip install numpy scipy polars
    POLARS_MAX_THREADS=1 python benches/peers/metrics.py
    POLARS_MAX_THREADS=2 python benches/peers/metrics.py

Prints the fastest run of each in ms, and that of the bench's own samples beside it.
"""

import json
import pathlib
import time

import numpy as np
import polars as pl
import scipy.stats

BENCH = pathlib.Path(__file__).parents[2] / "target/criterion/metrics"


def fastest(call, seconds):
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end or best == float("inf"):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return 1e3 * best


def own(name, n):
    path = BENCH / name / str(n) / "new/sample.json"
    if not path.exists():
        return float("nan")
    sample = json.loads(path.read_text())
    return 1e-6 * min(t / i for t, i in zip(sample["times"], sample["iters"]))


for n, seconds in (71_103, 1), (10_000_000, 8):
    rng = np.random.default_rng(1)
    expression = rng.normal(11, 3, n)
    t = np.where(rng.random(n) < 0.58, expression.round(), expression).astype(np.float32)
    p = (expression + rng.normal(0, 1, n)).astype(np.float32)
    frame = pl.DataFrame({"t": t, "p": p})
    threads = min(pl.thread_pool_size(), 2)
    ours = {"pearson": own(f"pearson_r2_mse_mae_{threads}", n), "spearman": own("spearman_1", n)}
    for name, peer in {
        "polars pearson": lambda: frame.select(pl.corr("t", "p")),
        "scipy pearson": lambda: scipy.stats.pearsonr(t, p),
        "numpy mse": lambda: np.mean((t - p) ** 2),
        "polars spearman": lambda: frame.select(pl.corr("t", "p", method="spearman")),
        "scipy spearman": lambda: scipy.stats.spearmanr(t, p),
    }.items():
        peer, mine = fastest(peer, seconds), ours["spearman" if "spearman" in name else "pearson"]
        print(f"{n:>9} {threads} threads  {name:<16} {peer:10.3f} ms   promoter {mine:10.3f} ms   {peer / mine:5.1f} x")
