#!/usr/bin/env python3
"""Trains the same LLaMA of bytes as kraft-train, with PyTorch, for a given time.

    src/train/train.py --data prose.bin:3 --data code.bin:1 --out text.ckpt --seconds 600

It is for a machine with a graphics processor; without one it runs too, slowly. The model is that of
transformer.h (RMSNorm, rotary positions in interleaved pairs, SwiGLU, tied embedding), so that its
checkpoint is kraft-train's and kraft-export turns it into GGUF. Each sequence begins with BOS and is
drawn from one of the files, a file as often as its weight says. The schedule goes by the clock: the
learning rate is constant, then falls linearly to zero when the time is over, whatever number of steps
that was.
"""

import argparse
import math
import pathlib
import sys
import time

import numpy
import torch
import torch.nn.functional as F

VOCABULARY = 257  # 256 bytes, then the beginning of a sequence
PADDED = 264  # matrix units want multiples of eight
BEGIN = 256
ROPE_BASE = 10000.0
EPSILON = 1e-5  # of RMSNorm
CHUNK = 2048  # of validation
MAGIC = 0x316B637466617266

MOMENTUM = 0.95
MUON_RATE = 0.02
ADAM_RATE = 0.004
ADAM_FIRST, ADAM_SECOND = 0.9, 0.98


class Model(torch.nn.Module):
    def __init__(self, layers, width, heads, inner, kind):
        super().__init__()
        self.layers, self.width, self.heads, self.inner, self.kind = layers, width, heads, inner, kind
        normal = torch.randn
        wide = 0.7 / math.sqrt(width)
        attention = normal(layers, 4, width, width) * wide  # query, key, value, out
        attention[:, 3] = 0
        feed = normal(layers, 3, inner, width) * wide  # gate, up, and down turned round
        feed[:, 2] = 0
        self.embedding = torch.nn.Parameter(normal(VOCABULARY, width) * 0.02)
        self.attention = torch.nn.Parameter(attention)
        self.feed = torch.nn.Parameter(feed)
        self.norms = torch.nn.Parameter(torch.ones(layers, 2, width))
        self.last_norm = torch.nn.Parameter(torch.ones(width))
        hidden = torch.zeros(PADDED)
        hidden[VOCABULARY:] = -1e9
        self.register_buffer("hidden", hidden)

    def normalise(self, x, gain):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPSILON) * gain

    def rotate(self, x, cosine, sine):
        a, b = x.float().unflatten(-1, (-1, 2)).unbind(-1)
        turned = torch.stack((a * cosine - b * sine, a * sine + b * cosine), -1)
        return turned.flatten(-2).to(self.kind)

    def forward(self, tokens, targets, cosine, sine):
        """-ln p of each target."""
        count, length = tokens.shape
        x = F.embedding(tokens, self.embedding)
        for layer in range(self.layers):
            normed = self.normalise(x, self.norms[layer, 0]).to(self.kind)
            query_key_value = normed @ self.attention[layer, :3].flatten(0, 1).to(self.kind).t()
            q, k, v = query_key_value.view(count, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            q, k = self.rotate(q, cosine, sine), self.rotate(k, cosine, sine)
            mixed = attend(q, k, v).transpose(1, 2).flatten(2)
            x = x + mixed @ self.attention[layer, 3].to(self.kind).t()
            normed = self.normalise(x, self.norms[layer, 1]).to(self.kind)
            gates = normed @ self.feed[layer, :2].flatten(0, 1).to(self.kind).t()
            gate, up = gates.chunk(2, -1)
            x = x + (F.silu(gate) * up) @ self.feed[layer, 2].to(self.kind)
        normed = self.normalise(x, self.last_norm)
        logits = normed @ F.pad(self.embedding, (0, 0, 0, PADDED - VOCABULARY)).t() + self.hidden
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")

    def rotations(self, length, device):
        pairs = self.width // self.heads // 2
        angle = numpy.arange(length)[:, None] * ROPE_BASE ** (-numpy.arange(pairs) / pairs)[None]
        return (torch.tensor(numpy.cos(angle), dtype=torch.float32, device=device),
                torch.tensor(numpy.sin(angle), dtype=torch.float32, device=device))

    def in_order(self, of):
        """What `of` gives for each parameter, laid out as transformer.cc's tensors()."""
        yield of(self.embedding)
        for layer in range(self.layers):
            yield of(self.attention)[layer]
            yield of(self.feed)[layer, :2]
            yield of(self.feed)[layer, 2].t()
            yield of(self.norms)[layer]
        yield of(self.last_norm)


def attend(q, k, v):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    scores = q.float() @ k.float().transpose(-1, -2) / math.sqrt(q.shape[-1])
    later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).triu(1)
    return (scores.masked_fill(later, -math.inf).softmax(-1) @ v.float()).to(q.dtype)


def orthogonalise(x):
    """Brings all singular values of each matrix near 1 by five Newton-Schulz steps of Jordan's quintic."""
    turned = x.shape[-2] > x.shape[-1]
    if turned:
        x = x.transpose(-1, -2)
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-20)
    for _ in range(5):
        xx = x @ x.transpose(-1, -2)
        x = 3.4445 * x + (-4.7750 * xx + 2.0315 * xx @ xx) @ x
    return x.transpose(-1, -2) if turned else x


class Optimizer:
    """Muon for the matrices within the layers, Adam for the rest, as optimizer.cc has them."""

    def __init__(self, model, decay):
        self.decay = decay
        self.matrices = [model.attention, model.feed]
        self.others = [model.embedding, model.norms, model.last_norm]
        self.first = {p: torch.zeros_like(p) for p in self.matrices + self.others}
        self.second = {p: torch.zeros_like(p) for p in self.matrices + self.others}
        self.steps = 0
        self.inner_tall = math.sqrt(max(1.0, model.inner / model.width))

    @torch.no_grad()
    def step(self, rate, kind):
        self.steps += 1
        for p in self.matrices:
            momentum = self.first[p].mul_(MOMENTUM).add_(p.grad)
            update = orthogonalise((p.grad + MOMENTUM * momentum).to(kind)).float()
            if p is self.matrices[1]:  # gate and up are tall; down is wide
                update[:, :2] *= self.inner_tall
            p.mul_(1 - rate * MUON_RATE * self.decay).sub_(update, alpha=rate * MUON_RATE)
        length = (rate * ADAM_RATE * math.sqrt(1 - ADAM_SECOND ** self.steps)
                  / (1 - ADAM_FIRST ** self.steps))
        for p in self.others:
            first = self.first[p].mul_(ADAM_FIRST).add_(p.grad, alpha=1 - ADAM_FIRST)
            second = self.second[p].mul_(ADAM_SECOND).addcmul_(p.grad, p.grad, value=1 - ADAM_SECOND)
            p.addcdiv_(first, second.sqrt().add_(1e-10), value=-length)


def load(path, model, optimizer):
    with open(path, "rb") as file:
        head = numpy.fromfile(file, dtype="<i8", count=6)
        if len(head) < 6 or head[0] != MAGIC:
            sys.exit(f"train.py: {path}: not a checkpoint")
        if list(head[1:5]) != [model.layers, model.width, model.heads, model.inner]:
            sys.exit(f"train.py: {path}: holds a model of another shape")
        optimizer.steps = int(head[5])
        with torch.no_grad():
            for of in (lambda p: p, optimizer.first.get, optimizer.second.get):
                for part in model.in_order(of):
                    values = numpy.fromfile(file, dtype="<f4", count=part.numel())
                    if len(values) < part.numel():
                        sys.exit(f"train.py: {path}: damaged")
                    part.copy_(torch.from_numpy(values).view(part.shape))


def save(path, model, optimizer):
    head = [MAGIC, model.layers, model.width, model.heads, model.inner, optimizer.steps]
    temporary = pathlib.Path(f"{path}.tmp")
    with open(temporary, "wb") as file:
        numpy.array(head, dtype="<i8").tofile(file)
        for of in (lambda p: p, optimizer.first.get, optimizer.second.get):
            for part in model.in_order(of):
                part.detach().float().cpu().contiguous().numpy().astype("<f4").tofile(file)
    temporary.rename(path)


class Data:
    """Bytes to train on, all on the device."""

    def __init__(self, sources, align, device):
        self.align = align
        self.files, weights = [], []
        for source in sources:
            path, _, weight = source.partition(":")
            self.files.append(torch.from_numpy(numpy.fromfile(path, dtype=numpy.uint8)).to(device))
            weights.append(float(weight or 1))
        self.shares = torch.tensor(weights, dtype=torch.float64) / sum(weights)
        self.device = device

    def batch(self, count, length):
        """Tokens (BOS first) and what follows each of them."""
        parts = torch.multinomial(self.shares, count, replacement=True).bincount(
            minlength=len(self.files)).tolist()
        rows = []
        for data, part in zip(self.files, parts):
            if part:
                places = (len(data) - length) // self.align + 1
                start = torch.randint(places, (part, 1), device=self.device) * self.align
                rows.append(data[start + torch.arange(length, device=self.device)])
        return sequences(torch.cat(rows))


def sequences(rows):
    targets = rows.long()
    return F.pad(targets[:, :-1], (1, 0), value=BEGIN), targets


@torch.no_grad()
def validate(model, path, limit):
    """Bits per byte of a file in chunks that each begin with BOS."""
    device = model.embedding.device
    data = torch.from_numpy(numpy.fromfile(path, dtype=numpy.uint8)).to(device)
    whole = len(data) // CHUNK
    chunks = data[:whole * CHUNK].view(whole, CHUNK)
    if limit and whole > limit:
        chunks = chunks[torch.arange(limit, device=device) * (whole // limit)]
    total = 0.0
    for some in chunks.split(64):
        tokens, targets = sequences(some)
        total += model(tokens, targets, *model.rotations(CHUNK, device)).double().sum().item()
    return total / chunks.numel() / math.log(2)


def rate_at(done, step, options):
    return max(0.0, min(1.0, (step + 1) / options.warmup, (1 - done) / options.decay))


def parse_lengths(text):
    stages = []
    for item in text.split(","):
        length, _, until = item.partition(":")
        stages.append((int(length), float(until or 1)))
    return stages


def train(options):
    begin = time.monotonic()
    device = options.device
    kind = torch.bfloat16 if device == "cuda" else torch.float32
    torch.manual_seed(options.seed)
    torch.backends.cuda.matmul.allow_tf32 = True
    model = Model(options.layers, options.width, options.heads, options.inner, kind).to(device)
    optimizer = Optimizer(model, options.muon_decay)
    if options.start:
        load(options.start, model, optimizer)
    if options.only_validate:
        for path in options.valid:
            print(f"{path} {validate(model, path, options.chunks):.4f}")
        return
    data = Data(options.data, options.align, device)
    stages = parse_lengths(options.lengths)
    rotations = {length: model.rotations(length, device) for length, _ in stages}
    run = torch.compile(model, dynamic=False) if options.compile else model
    # What is compiled for each length is compiled before the clock of the schedule starts.
    for length in rotations:
        run(*data.batch(options.batch // length, length), *rotations[length]).mean().backward()
        model.zero_grad(set_to_none=True)
    if device == "cuda":
        torch.cuda.synchronize()
    first, since, seen = time.monotonic(), time.monotonic(), 0
    print(f"{sum(p.numel() for p in model.parameters())} parameters, "
          f"ready after {first - begin:.1f} s", flush=True)
    saved, reported, bits, steps, done = first, first, [], 0, 0.0
    while done < 1:
        length = next((long for long, until in stages if done < until), stages[-1][0])
        tokens, targets = data.batch(options.batch // length, length)
        loss = run(tokens, targets, *rotations[length]).mean()
        loss.backward()
        optimizer.step(rate_at(done, steps, options), kind)
        model.zero_grad(set_to_none=True)
        bits.append(loss.detach())
        steps += 1
        seen += options.batch
        if steps % 8 == 0:
            torch.stack(bits[-1:]).item()  # waits for the device, so that the clock means something
        now = time.monotonic()
        done = (steps / options.steps if options.steps
                else (now - first) / (options.seconds - (first - begin)))
        if now - reported > options.every or done >= 1:
            mean = torch.stack(bits).mean().item() / math.log(2)
            line = (f"step {steps}  {done:.3f}  {mean:.4f} bits/byte  length {length}  "
                    f"{seen / (now - since) / 1e6:.3f} MB/s")
            bits, reported, seen = [], now, 0
            for path in options.valid:
                line += f"  {pathlib.Path(path).stem} {validate(model, path, options.chunks):.4f}"
            print(line, flush=True)
            since = time.monotonic()
        if now - saved > options.save_every or done >= 1:
            save(options.out, model, optimizer)
            saved = now
    if device == "cuda":
        print(f"memory {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB", flush=True)


def main():
    parser = argparse.ArgumentParser(description="train a small LLaMA of bytes for a given time")
    add = parser.add_argument
    add("--data", action="append", default=[], metavar="FILE[:WEIGHT]", help="bytes to train on")
    add("--valid", action="append", default=[], help="file never trained on")
    add("--chunks", type=int, default=32, help="of a file to validate on; 0: all")
    add("--out", help="checkpoint")
    add("--start", help="checkpoint to go on from")
    add("--only-validate", action="store_true", help="that checkpoint; trains nothing")
    add("--layers", type=int, default=4)
    add("--width", type=int, default=256)
    add("--heads", type=int, default=8)
    add("--inner", type=int, default=512)
    add("--seconds", type=float, default=600, help="in all, from the start of the program")
    add("--steps", type=int, default=0, help="that many steps instead")
    add("--warmup", type=int, default=40, help="steps")
    add("--decay", type=float, default=0.5, help="share at the end over which the rate falls to 0")
    add("--muon-decay", type=float, default=0.05, help="of weights, times the rate")
    add("--batch", type=int, default=65536, help="bytes of a step")
    add("--lengths", default="1024:0.6,2048:1", help="LENGTH:SHARE,...: bytes of a sequence")
    add("--align", type=int, default=1, help="sequences begin at multiples of this")
    add("--seed", type=int, default=1)
    add("--every", type=float, default=15, help="seconds between reports")
    add("--save-every", type=float, default=45, help="seconds between checkpoints")
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--compile", action="store_true", help="by torch.compile")
    options = parser.parse_args()
    if not options.only_validate and not (options.data and options.out):
        parser.error("--data and --out are needed")
    train(options)


if __name__ == "__main__":
    main()
