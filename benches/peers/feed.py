"""The peer of `cargo bench -p promoter-benches --bench feed`: shuffled one-hot batches by torch, index and embedding.

    pip install torch
    python benches/peers/feed.py [threads]

Prints thousands of rows a second, by the median of the batches.
"""

import statistics
import sys
import time

import torch

ROWS, LENGTH = 1 << 20, 110

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
torch.manual_seed(1)
codes = torch.randint(0, 4, (ROWS, LENGTH), dtype=torch.uint8)
table = torch.zeros(16, 4)
table[:4] = torch.eye(4)
order = torch.randperm(ROWS)

for name, batch, start, end in [("Peppa, 10,000 x 85", 10_000, 15, 100), ("NAD, 2,048 x 110", 2_048, 0, LENGTH)]:
    seconds = []
    for rows in order.split(batch)[:60]:
        begun = time.perf_counter()
        window = codes[rows][:, start:end]
        torch.nn.functional.embedding(window.int(), table)
        seconds.append(time.perf_counter() - begun)
    print(f"{name:24} {batch / statistics.median(seconds[5:]) / 1e3:10.0f}")
