#!/usr/bin/env python3
"""What models expect, and what they draw, as pictures.

    python_pictures.py BOOK PHOTOGRAPH FOLDER

Introduces the Python package: a state and what it expects next, looking ahead, and completing an array. Writes
FOLDER/next-bytes.png and FOLDER/completions.png. Needs python3-matplotlib.
"""

import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy

import kraft

VIEWS = ["gzip:9", "gzip:9,view=decoder", "ppmd:5", "cm"]
PAINTERS = ["gzip:9", "gzip:9,view=decoder", "png", "filtered:gzip:9,filter=paeth", "llama:image"]


def name_of(byte):
    return {9: "tab", 10: "line", 32: "space"}.get(byte, chr(byte) if 33 <= byte < 127 else f"{byte:02x}")


def next_bytes(book, prompt):
    """A panel for each model: the probabilities of the ten bytes that it thinks most of, and how many bits
    the words that follow would cost."""
    words = [b"Ahab", b"Peleg", b"Bildad"]
    figure, panels = plt.subplots(1, len(VIEWS), figsize=(3 * len(VIEWS), 3.6), sharex=True, layout="constrained")
    for spec, panel in zip(VIEWS, panels):
        state = kraft.model(spec).start(book + prompt)
        p = kraft.probabilities(state.next())
        best = numpy.argsort(-p, kind="stable")[:10][::-1]
        panel.barh([name_of(byte) for byte in best], p[best], color="#4477aa")
        bits = ", ".join(f"{word.decode()} {cost:.0f}" for word, cost in zip(words, state.measure(words)))
        panel.set_title(f"{spec}\n{bits} bits", fontsize=9)
        panel.set_xlabel("probability")
        panel.grid(axis="x", alpha=0.3)
    figure.suptitle(f"The next byte after “{prompt.decode()}”")
    return figure


def completions(photograph, rows):
    """The photograph, what models are given of it, and how each of them goes on."""
    given = photograph.copy()
    given[-rows:] = 128
    pictures = [("original", photograph), ("given", given)]
    for drawn in kraft.complete_image(photograph, PAINTERS, rows=rows, temperature=0.7, seed=1):
        report = drawn.report
        name = report["model"].split(",width")[0]
        pictures.append((f"{name}\n{report['bits'] / report['drawn_bytes']:.2f} bits a pixel", drawn))
    figure, panels = plt.subplots(1, len(pictures), figsize=(2.1 * len(pictures), 2.8), layout="constrained")
    for (title, picture), panel in zip(pictures, panels):
        panel.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        panel.set_title(title, fontsize=8)
        panel.axis("off")
    return figure


def main(book, photograph, folder):
    folder = pathlib.Path(folder)
    text = pathlib.Path(book).read_bytes().replace(b"\r", b"")[:250000]
    next_bytes(text, b"said Captain ").savefig(folder / "next-bytes.png", dpi=100)
    pixels = kraft.read_image(pathlib.Path(photograph), gray=True, scale=(64, 64))
    completions(pixels, rows=24).savefig(folder / "completions.png", dpi=100)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
