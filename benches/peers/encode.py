"""Peers of promoter-encode, measured after `cargo bench -p promoter-benches --bench encode`.

    pip install numpy torch seqpro tangermeme
    python benches/peers/encode.py

Prints millions of sequences of 110 bases a second, by the fastest run of each, then those of the bench's own samples.
"""

import json
import pathlib
import timeit

import numpy as np
import seqpro
import torch
from tangermeme.utils import one_hot_encode

BENCH = pathlib.Path(__file__).parents[2] / "target/criterion"
LENGTH = 110
BASES = np.frombuffer(b"ACGT", np.uint8)


def show(name, sequences, call, number):
    call()
    seconds = min(timeit.repeat(call, number=number, repeat=40)) / number
    print(f"{name:70} {sequences / seconds / 1e6:8.2f}")


def five_mers(codes):
    codes = codes.astype(np.uint16)
    tokens = codes[:, :-4] << 8
    for start, shift in ((1, 6), (2, 4), (3, 2)):
        tokens |= codes[:, start : start - 4] << shift
    return tokens | codes[:, 4:]


def peers(size, sequences, number):
    letters = np.random.default_rng(1).choice(BASES, size=(sequences, LENGTH))
    of_letter = np.zeros(256, np.uint8)
    of_letter[BASES] = range(4)
    codes = of_letter[letters]
    rows = np.eye(4, dtype=np.float32)
    out = np.empty((sequences, LENGTH, 4), np.float32)
    joined = letters.tobytes().decode()
    strings = letters.view("S1")
    for name, call in {
        "f32 (length, 4), numpy take(out=) of codes": lambda: rows.take(codes, axis=0, out=out, mode="clip"),
        "f32 (length, 4), numpy eye[codes]": lambda: rows[codes],
        "f32 (4, length), numpy ==": lambda: (letters[:, None, :] == BASES[:, None]).astype(np.float32),
        "i8 (length, 4), tangermeme, one call": lambda: one_hot_encode(joined, n_jobs=1),
        "u8 (length, 4), seqpro": lambda: seqpro.ohe(strings, seqpro.DNA),
        "reverse complement, seqpro": lambda: seqpro.reverse_complement(strings, seqpro.DNA, length_axis=1),
        "5-mers u16 of codes, numpy": lambda: five_mers(codes),
        "5-mers u16 of letters, numpy": lambda: five_mers(of_letter[letters]),
    }.items():
        show(f"{size}: {name}", sequences, call, number)


def own():
    for sample in sorted(BENCH.glob("**/new/sample.json")):
        bench = json.loads(sample.with_name("benchmark.json").read_text())
        if "ElementsAndBytes" not in (bench["throughput"] or {}):
            continue
        runs = json.loads(sample.read_text())
        nanoseconds = min(time / count for time, count in zip(runs["times"], runs["iters"]))
        sequences = bench["throughput"]["ElementsAndBytes"]["elements"]
        print(f"{bench['full_id']:70} {sequences / nanoseconds * 1e3:8.2f}")


torch.set_num_threads(1)
peers("batch", 1 << 10, 20)
peers("bulk", 1 << 16, 1)
own()
