"""Training steps of four networks: ours and the same in eager PyTorch, in turn, on the same number of threads.

    cargo bench -p promoter-benches --bench turns --no-run        # prints the program's path
    OMP_WAIT_POLICY=passive python benches/peers/train.py target/release/deps/turns-... [--rounds 7] [--processor] [NETWORK..]

Both live through the whole comparison and wait while the other works; each has random inputs of the same shape, the
same batch, mean square error, Adam (PyTorch's fused one). Prints the medians of samples a second: by the clock, or with
--processor by the processor's seconds of each, all threads together, which other programs disturb less.
"""

import argparse
import os
import statistics
import subprocess
import time

import torch
from torch import nn
from torch.nn import functional as F


class Auth(nn.Module):
    shape = (80, 4)

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 1000, 30)
        self.pool = nn.MaxPool1d(3)
        self.dropout = nn.Dropout(0.2)
        self.lstm = nn.LSTM(1000, 320, bidirectional=True, batch_first=True)
        self.head = nn.Sequential(nn.Linear(17 * 640, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, x):
        x = self.dropout(self.pool(F.relu(self.conv(x.transpose(1, 2)))))
        x, _ = self.lstm(x.transpose(1, 2))
        return self.head(self.dropout(x).flatten(1))


class NoisyChardonnay(nn.Module):
    shape = (110, 4)

    def __init__(self):
        super().__init__()
        layers = []
        for width, before, after in [(30, 4, 256), (12, 256, 256), (4, 256, 64)]:
            layers += [nn.Conv1d(before, after, width, padding="same"), nn.BatchNorm1d(after, 1e-3, 0.01), nn.ReLU()]
        self.convs = nn.Sequential(*layers)
        self.lstm = nn.LSTM(64, 32, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        hidden = [nn.Linear(7040, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2)]
        self.head = nn.Sequential(*hidden, nn.Linear(64, 1))

    def forward(self, x):
        x, _ = self.lstm(self.convs(x.transpose(1, 2)).transpose(1, 2))
        return self.head(self.dropout(x).flatten(1))


def enformer_gelu(x):
    return x * torch.sigmoid(1.702 * x)


class EnformerConv(nn.Module):
    def __init__(self, before, after, width):
        super().__init__()
        self.norm, self.conv = nn.BatchNorm1d(before), nn.Conv1d(before, after, width, padding="same")

    def forward(self, x):
        return self.conv(enformer_gelu(self.norm(x)))


class RelativeAttention(nn.Module):
    def __init__(self, channels, heads, key, length, features):
        super().__init__()
        self.heads, self.key, self.length = heads, key, length
        self.q = nn.Linear(channels, heads * key, bias=False)
        self.k = nn.Linear(channels, heads * key, bias=False)
        self.v = nn.Linear(channels, channels, bias=False)
        self.r = nn.Linear(features, heads * key, bias=False)
        self.content, self.position = (nn.Parameter(torch.randn(1, heads, 1, key)) for _ in range(2))
        self.out = nn.Linear(channels, channels)
        self.attention_dropout, self.position_dropout = nn.Dropout(0.05), nn.Dropout(0.01)
        self.register_buffer("positions", torch.randn(2 * length - 1, features))

    def forward(self, x):
        rows, t, channels = x.shape
        split = lambda x: x.view(rows, t, self.heads, -1).transpose(1, 2)
        q, k, v = split(self.q(x)) * self.key**-0.5, split(self.k(x)), split(self.v(x))
        r = self.r(self.position_dropout(self.positions)).view(2 * t - 1, self.heads, self.key).permute(1, 2, 0)
        relative = (q + self.position) @ r
        relative = F.pad(relative, (1, 0)).view(rows, self.heads, 2 * t, t)[:, :, 1:].reshape(rows, self.heads, t, -1)
        logits = (q + self.content) @ k.transpose(2, 3) + relative[..., :t]
        mixed = self.attention_dropout(logits.softmax(-1)) @ v
        return self.out(mixed.transpose(1, 2).reshape(rows, t, channels))


class EnformerBlock(nn.Module):
    def __init__(self, channels=192):
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(channels), RelativeAttention(channels, 8, 64, 6, 24)
        self.dropout = nn.Dropout(0.4)
        inner = [nn.LayerNorm(channels), nn.Linear(channels, 2 * channels), self.dropout, nn.ReLU()]
        self.mlp = nn.Sequential(*inner, nn.Linear(2 * channels, channels), self.dropout)

    def forward(self, x):
        x = x + self.dropout(self.attention(self.norm(x)))
        return x + self.mlp(x)


class Peppa(nn.Module):
    shape = (85, 4)

    def __init__(self):
        super().__init__()
        self.stem, self.pointwise = nn.Conv1d(4, 48, 5, padding="same"), EnformerConv(48, 48, 1)
        sizes = [48, 64, 64, 128, 192]
        self.tower = nn.ModuleList(
            nn.ModuleList([EnformerConv(a, b, 4), EnformerConv(b, b, 1)]) for a, b in zip(sizes, sizes[1:])
        )
        self.blocks = nn.Sequential(*[EnformerBlock() for _ in range(4)])
        self.last, self.dropout, self.head = EnformerConv(192, 192, 1), nn.Dropout(0.05), nn.Linear(576, 1)

    def forward(self, x):
        x = self.stem(x.transpose(1, 2))
        x = x + self.pointwise(x)
        x = F.max_pool1d(F.pad(x, (0, 1), value=-torch.inf), 2, 1)
        for conv, pointwise in self.tower:
            x = conv(x)
            x = F.max_pool1d(x + pointwise(x), 2, ceil_mode=True)
        x = self.blocks(x.transpose(1, 2)).transpose(1, 2)
        x = enformer_gelu(self.dropout(F.max_pool1d(self.last(x), 2, ceil_mode=True)))
        return F.softplus(self.head(x.transpose(1, 2).flatten(1)))


class NadPair(nn.Module):
    def __init__(self, c):
        super().__init__()
        conv, norm = lambda: nn.Conv1d(c, c, 3, padding=1, bias=False), lambda: nn.BatchNorm1d(c)
        self.branch = nn.Sequential(conv(), norm(), nn.ELU(), conv(), norm())

    def forward(self, x):
        return F.elu(x + self.branch(x))


class NadAttention(nn.Module):
    def __init__(self, c, heads=8, size=64):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (nn.Linear(c, heads * size, bias=False) for _ in range(3))
        self.out = nn.Linear(heads * size, c, bias=False)

    def forward(self, x, bias):
        rows, t, _ = x.shape
        q, k, v = (f(x).view(rows, t, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype))
        return self.out(y.transpose(1, 2).flatten(2))


class NadBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(c) for _ in range(3))
        self.attention = NadAttention(c)
        self.mlp = nn.Sequential(nn.LayerNorm(c), nn.Linear(c, 4 * c), nn.GELU(), nn.Linear(4 * c, c))

    def forward(self, x, bias):
        x = x + self.norms[1](self.attention(self.norms[0](x), bias))
        return x + self.norms[2](self.mlp(x))


class NadLevel(nn.Module):
    def __init__(self, length, c, depth, mixing):
        super().__init__()
        mix = [nn.Conv1d(length, length, 3, padding=1, groups=length), nn.BatchNorm1d(length), nn.ELU()]
        self.mixing = nn.Sequential(*mix) if mixing else nn.Identity()
        self.blocks = nn.ModuleList(NadBlock(c) for _ in range(depth))
        self.table, self.norm, self.head = nn.Embedding(32, 8), nn.LayerNorm(c), nn.Linear(c, 1)
        self.register_buffer("buckets", torch.randint(0, 32, (length, length)))

    def forward(self, x):
        x = self.mixing(x.transpose(1, 2))
        bias = 8 * self.table(self.buckets).permute(2, 0, 1).unsqueeze(0)
        for block in self.blocks:
            x = block(x, bias)
        return self.head(self.norm(x).mean(1))


class Nad(nn.Module):
    shape = (80, 128)

    def __init__(self):
        super().__init__()
        sizes, strides = [128, 128, 160, 192, 224, 256], [1, 1, 2, 2, 2]
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv1d(a, b, 3, s, 1, bias=False), nn.BatchNorm1d(b), nn.ELU(), NadPair(b), NadPair(b))
            for a, b, s in zip(sizes, sizes[1:], strides)
        )
        self.sideways = nn.ModuleList(nn.Conv1d(c, 256, 1) for c in sizes[:1:-1])
        self.up = nn.ModuleList(nn.ConvTranspose1d(256, 256, 3, 2, 1, 1) for _ in range(3))
        levels = zip([10, 20, 40, 80], [3, 3, 2, 2])
        self.levels = nn.ModuleList(NadLevel(n, 256, depth, n > 10) for n, depth in levels)

    def forward(self, x):
        x, maps, outputs, pyramid = x.transpose(1, 2), [], [], None
        for block in self.down:
            x = block(x)
            maps.append(x)
        for i, (sideways, level, x) in enumerate(zip(self.sideways, self.levels, maps[::-1])):
            x = sideways(x)
            pyramid = x if pyramid is None else self.up[i - 1](pyramid) + x
            outputs.append(level(pyramid))
        return torch.cat(outputs, 1)


NETWORKS = {"auth": (Auth, 256), "noisy-chardonnay": (NoisyChardonnay, 128), "peppa": (Peppa, 512), "nad": (Nad, 64)}
SIZES = {"auth": 4_203_369 + 2_560, "noisy-chardonnay": 1_364_097 + 256, "peppa": 1_995_617, "nad": 14_176_716}


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        user, system = file.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def on_processor(step, pid):
    """The step, its seconds counted by the processor."""

    def counted():
        start = processor_seconds(pid)
        step()
        return processor_seconds(pid) - start

    return counted


def trainer(name, batch, kind):
    """A function that makes one step and returns its seconds."""
    network = NETWORKS[name][0]().train()
    # PyTorch's LSTM has a second bias.
    assert sum(p.numel() for p in network.parameters()) == SIZES[name], name
    length, channels = network.shape
    x = torch.randn(batch, length, channels)
    if channels == 4:
        x = F.one_hot(torch.randint(0, 4, (batch, length)), 4).float()
    y = torch.rand(batch, 1)
    adam = torch.optim.Adam(network.parameters(), lr=1e-4, eps=1e-7, fused=True)

    def step():
        start = time.perf_counter()
        adam.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=kind == "bf16"):
            output = network(x)
        output = output.float()
        F.mse_loss(output, y.expand_as(output)).backward()
        adam.step()
        return time.perf_counter() - start

    return step


def ours(program, name, batch, kind):
    """The same of our program."""
    command = [program, name, str(batch), kind]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def step():
        process.stdin.write("\n")
        process.stdin.flush()
        return float(process.stdout.readline())

    return step, process


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--kinds", nargs="+", default=["f32", "bf16"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    print(f"OMP_WAIT_POLICY={os.environ.get('OMP_WAIT_POLICY')}, {options.threads} threads\n")
    print("| network | batch | kind | ours, samples/s | PyTorch | ratio of the medians | of each turn |")
    print("|---|---|---|---|---|---|---|")
    for name in options.networks:
        batch = options.batch or NETWORKS[name][1]
        for kind in options.kinds:
            theirs = trainer(name, batch, kind)
            us, process = ours(options.program, name, batch, kind)
            if options.processor:
                theirs, us = on_processor(theirs, os.getpid()), on_processor(us, process.pid)
            pairs = [(us(), theirs()) for _ in range(options.rounds + 2)][2:]
            process.stdin.close()
            process.wait()
            a, b = (batch / statistics.median(column) for column in zip(*pairs))
            ratios = sorted(t / u for u, t in pairs)
            spread = f"{ratios[0]:.2f} {statistics.median(ratios):.2f} {ratios[-1]:.2f}"
            print(f"| {name} | {batch} | {kind} | {a:.0f} | {b:.0f} | {a / b:.2f} | {spread} |", flush=True)


if __name__ == "__main__":
    main()
