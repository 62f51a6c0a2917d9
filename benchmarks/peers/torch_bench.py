"""The PyTorch side: one row of the comparison per call, printed as a line of JSON.

python3 torch_bench.py ROW THREADS SECONDS    ROW: gemm-M-N-K[-ta][-tb], train-small, train-mid, dpo-mid, embed
"""
import json
import os
import sys
import time

ROW, THREADS, SECONDS = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
# torch.set_num_threads leaves OpenBLAS alone, which takes every core unless it is told before it is loaded.
if ROW.startswith("gemm") or os.environ.get("THREADS") == "1":
    os.environ["OPENBLAS_NUM_THREADS"] = "1"

import torch
import torch.nn.functional as F

torch.set_num_threads(THREADS)
torch.manual_seed(1)


class Norm(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


class Block(torch.nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (torch.nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = (torch.nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down = torch.nn.Linear(inner, width, bias=False)
        self.norm1, self.norm2 = Norm(width), Norm(width)

    def forward(self, x, cos, sin, mask):
        b, t, c = x.shape
        h = self.norm1(x)
        q, k, v = (p(h).view(b, t, self.heads, -1).transpose(1, 2) for p in (self.q, self.k, self.v))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + mask
        x = x + self.o((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, c))
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Decoder(torch.nn.Module):
    def __init__(self, layers, width, heads, inner, vocabulary):
        super().__init__()
        self.embed = torch.nn.Embedding(vocabulary, width)
        self.blocks = torch.nn.ModuleList(Block(width, heads, inner) for _ in range(layers))
        self.norm, self.head = Norm(width), torch.nn.Linear(width, vocabulary, bias=False)
        self.size = width // heads

    def forward(self, ids):
        t = ids.shape[1]
        angles = torch.arange(t)[:, None] * 10000.0 ** (-torch.arange(0, self.size, 2) / self.size)
        mask = torch.full((t, t), float("-inf")).triu(1)
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x, angles.cos(), angles.sin(), mask)
        return self.head(self.norm(x))


class Encoder(torch.nn.Module):
    """all-MiniLM-L6-v2's shape with random weights."""

    def __init__(self, layers=6, width=384, heads=12, inner=1536):
        super().__init__()
        self.embed = torch.nn.Embedding(30522, width)
        self.layers = torch.nn.ModuleList(EncoderLayer(width, heads, inner) for _ in range(layers))

    def forward(self, ids):
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x)
        return F.normalize(x.mean(1), dim=-1)


class EncoderLayer(torch.nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (torch.nn.Linear(width, width) for _ in range(4))
        self.inner, self.outer = torch.nn.Linear(width, inner), torch.nn.Linear(inner, width)
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = (p(x).view(b, t, self.heads, -1).transpose(1, 2) for p in (self.q, self.k, self.v))
        mixed = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).softmax(-1) @ v
        x = self.norm1(x + self.o(mixed.transpose(1, 2).reshape(b, t, c)))
        return self.norm2(x + self.outer(F.gelu(self.inner(x))))


def train(shape, length, batch):
    model = Decoder(*shape)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    ids = torch.randint(shape[-1], (batch, length))

    def step():
        loss = F.cross_entropy(model(ids)[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step, batch * length, "tok/s"


def dpo(shape, length, pairs):
    model = Decoder(*shape)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6)
    ids = torch.randint(shape[-1], (2 * pairs, length))

    def scores():
        logits = model(ids)[:, length // 2 - 1:-1].log_softmax(-1)
        return logits.gather(-1, ids[:, length // 2:, None]).squeeze(-1).sum(-1).view(pairs, 2)

    def step():
        with torch.no_grad():
            reference = scores()
        ratio = scores() - reference
        loss = -F.logsigmoid(0.1 * (ratio[:, 0] - ratio[:, 1])).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step, pairs, "pairs/s"


def gemm(parts):
    m, n, k = map(int, parts[:3])
    a = torch.randn(k, m).t() if "ta" in parts else torch.randn(m, k)
    b = torch.randn(n, k).t() if "tb" in parts else torch.randn(k, n)
    c = torch.empty(m, n)
    repeat = max(1, int(2e8 / (2 * m * n * k)))

    def work():
        for _ in range(repeat):
            torch.mm(a, b, out=c)

    return work, 2e-9 * m * n * k * repeat, "GFLOP/s"


def embed():
    model, ids = Encoder(), torch.randint(30522, (32, 36))

    def work():
        with torch.no_grad():
            model(ids)

    return work, 32, "sentences/s"


SMALL, MID = (4, 128, 4, 512, 96), (6, 288, 6, 768, 4096)
parts = ROW.split("-")
work, amount, unit = {
    "gemm": lambda: gemm(parts[1:]),
    "train": lambda: train(SMALL, 128, 32) if parts[1] == "small" else train(MID, 256, 8),
    "dpo": lambda: dpo(MID, 128, 8),
    "embed": embed,
}[parts[0]]()
# As on the other side: processor time where every row runs on one thread beside other programs, but not for products, which take milliseconds.
clock = time.process_time if os.environ.get("THREADS") == "1" and parts[0] != "gemm" else time.perf_counter
work()
samples, start = [], time.perf_counter()
while time.perf_counter() - start < SECONDS:
    before = clock()
    work()
    samples.append(clock() - before)
samples.sort()
print(json.dumps({"value": amount / samples[0], "median": amount / samples[len(samples) // 2], "unit": unit, "threads": THREADS, "samples": len(samples)}))
