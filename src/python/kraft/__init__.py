"""kraft: draw new data from anything that compresses, and compress with anything that predicts.

A compressor spends few bits on what it expects. What a continuation adds to the compressed size is
read as its probability, 2^-bits: so gzip is a language model without weights, and a language model
is a compressor.

What does gzip expect next?

    >>> import kraft
    >>> m = kraft.model("gzip:9,view=decoder")
    >>> m.spec
    'gzip:9,view=decoder'
    >>> s = m.start(b"she sells sea shells by the sea shore, and the shells she sells are sea she")
    >>> bits = s.next()                     # what each byte would add: float64[256], in bits
    >>> chr(bits.argmin())
    'l'
    >>> p = kraft.probabilities(bits)       # 2^-bits, normalised
    >>> bool(p[ord("l")] > 0.5)
    True
    >>> s.measure([b"lls", b"xyz"]).argmin()  # whole strings are measured the same way
    0

Look ahead, and come back:

    >>> mark = s.mark()
    >>> s.observe(b"lls by the sea")
    >>> s.rewind(mark)                      # as if nothing had been observed
    >>> s.forget(mark)                      # and the mark costs no memory any more

Draw a continuation, as bytes that say what they cost:

    >>> drawn = kraft.sample("ppmd", b"to be or not to be, that is the question: to be or not to ",
    ...                      length=20, seed=1)
    >>> len(drawn), drawn.report["model"]
    (20, 'ppmd:8')

Complete a picture (any array of uint8 or uint16) or a recording:

    >>> import numpy
    >>> picture = numpy.add.outer(numpy.arange(32), numpy.arange(32)).astype(numpy.uint8)
    >>> more = kraft.complete_image(picture, "png", rows=8, temperature=0.4)
    >>> more.shape, bool((more[:24] == picture[:24]).all())
    ((32, 32), True)

How well do models know a text, to which of several corpora does it belong, and which model draws
best? Lists of dicts come back, which pandas.DataFrame takes:

    >>> rows = kraft.score(["gzip:9", "ppmd"], b"tell me once, tell me twice, tell me thrice")
    >>> [row["model"] for row in rows]
    ['gzip:9', 'ppmd:8']
    >>> kraft.classify("xz", {"whales": b"the white whale, the sperm whale, the whale ship",
    ...                       "code": b"for (int i = 0; i < n; ++i) sum += a[i];"},
    ...                b"for (int k = 0; k < 10; ++k)")[0]["winner"]
    'code'

Compress with any model, and back:

    >>> packed = kraft.compress(b"a rose is a rose is a rose", "ppmd")
    >>> kraft.decompress(packed)
    b'a rose is a rose is a rose'

A codec of your own is a class with a method, and then works in every task:

    >>> import zlib
    >>> class Zlib(kraft.Codec):
    ...     def encode(self, message): return zlib.compress(message, 9)
    >>> kraft.register("my-zlib", Zlib())
    >>> kraft.score("my-zlib", b"a rose is a rose is a rose", positions=0)[0]["compressed_bytes"]
    21

So is a model of your own: see kraft.Model.

A specification names a model: "gzip:9", "zstd:19,window=17", "ppmd:8", "cm:max", "bytelm:text",
"product:gzip^0.5,ngram:3". kraft.models() lists them all, with their parameters. Where bytes are
expected, a str is its UTF-8, and a pathlib.Path is what the file holds.

Errors are kraft.Error, in one line; what is wrong with a request is a kraft.UsageError, which is a
ValueError. Long calls let other threads run, and Ctrl-C interrupts them. The same seed and options
give the same bytes as the command line does.
"""

import os as _os

from . import _kraft
from ._kraft import Codec, Error, Mark, Model, State, UsageError, __version__
from ._media import (
    Completed,
    complete_audio,
    complete_image,
    read_audio,
    read_image,
    write_audio,
    write_image,
)
from ._tasks import (
    Records,
    Sample,
    check_spec,
    classify,
    codec,
    compare,
    compress,
    decompress,
    inspect,
    model,
    models,
    next_byte,
    probabilities,
    register,
    reproduce,
    sample,
    score,
)

# Codecs and models in Python work in copies of the process that Python itself has made.
_os.register_at_fork(after_in_child=_kraft.note_fork)

__all__ = [
    "Codec",
    "Completed",
    "Error",
    "Mark",
    "Model",
    "Records",
    "Sample",
    "State",
    "UsageError",
    "check_spec",
    "classify",
    "codec",
    "compare",
    "complete_audio",
    "complete_image",
    "compress",
    "decompress",
    "inspect",
    "model",
    "models",
    "next_byte",
    "probabilities",
    "read_audio",
    "read_image",
    "register",
    "reproduce",
    "sample",
    "score",
    "write_audio",
    "write_image",
]

# What users see is of this module, wherever it is defined.
for _name in __all__:
    globals()[_name].__module__ = __name__
