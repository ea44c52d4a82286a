"""Models by their names, and the tasks on texts and files."""

import json

from . import _kraft
from ._options import contents, named, prepared, takes_options, text


def model(spec, *, threads=0):
    """The Model of a specification, such as "gzip:9", "cm:max" or "product:gzip^0.5,ngram:3".

    threads: how many measure at once; 0: one per processor. Results do not depend on it.
    Raises UsageError for a name, an argument or a parameter that there is not.
    """
    return _kraft.model(text(spec, "spec"), threads)


def codec(spec):
    """The Codec of a specification. Raises UsageError for one that predicts but does not compress."""
    return _kraft.codec(text(spec, "spec"))


def register(name, what, summary=""):
    """Gives a codec or a model of your own a name, by which it works in every task.

    what: a Codec, a Model, or a function that compresses bytes, which is a codec without decode().
    It stays as long as the process. Raises UsageError for a name that is taken.
    """
    if callable(what) and not isinstance(what, (_kraft.Codec, _kraft.Model)):
        what = _Function(what)
    _kraft.register(text(name, "name"), what, text(summary, "summary"))


class _Function(_kraft.Codec):
    def __init__(self, function):
        super().__init__()
        self.encode = function


def check_spec(spec):
    """The specification with all that it leaves open: "gzip" is "gzip:6". Loads nothing."""
    return _kraft.check_spec(text(spec, "spec"))


def models(*names):
    """All models that there are, or those of these names: a list of dicts, with their parameters."""
    return json.loads(_kraft.models(list(names)))


def probabilities(bits):
    """2^-bits, normalised: float64[n] of float64[n]. An infinite cost is probability 0."""
    return _kraft.probabilities(bits)


class Sample(bytes):
    """Bytes that were drawn.

    report is what is known of them, a dict as `kraft sample --json` prints it: model, sampler, seed,
    bits, bits_per_byte, and how much is copied from the context (mean_copy_bytes, copies, ...).
    """

    def __new__(cls, drawn=b"", report=None):
        self = super().__new__(cls, drawn)
        self.report = {} if report is None else report
        return self

    def __getnewargs__(self):
        return bytes(self), self.report

    @property
    def text(self):
        """As UTF-8; what is none is replaced."""
        return self.decode("utf-8", "replace")


def _list(reports):
    """Reports in JSON, which stand alone where there is one of them, as a list."""
    reports = json.loads(reports)
    return reports if isinstance(reports, list) else [reports]


def _one_or_all(results, model, count=None):
    several = isinstance(model, (list, tuple)) or count is not None
    return results if several else results[0]


@takes_options("sample", "model")
def sample(model=None, prompt=None, **options):
    """Draws a continuation of a context, or fills a hole in it.

    model: a specification, a Model, or a list of them.
    prompt: what the sample continues, as bytes or text, after `prime` (a corpus) and `input`.
    Returns a Sample; a list of them where `model` is a list or `count` is given, all of the first
    model, then of the next. Warns where a model does not see back to the beginning of the context.
    """
    models = [] if model is None else model
    drawn, reports = _kraft.sample(models, prepared("sample", {"prompt": prompt, **options}))
    samples = []
    for data, report in zip(drawn, _list(reports)):
        report.pop("text", None)
        report.pop("text_base64", None)
        samples.append(Sample(data, report))
    return _one_or_all(samples, model, options.get("count"))


@takes_options("next", "model")
def next_byte(model, prompt=None, **options):
    """What models expect after a context.

    Returns a dict: model, granularity, context_bytes, base_bits, and of all 256 bytes bits and
    probability; a list of them where `model` is a list or `view` is "both". A State says the same of
    many contexts, one after the other.
    """
    options = prepared("next", {"prompt": prompt, **options})
    both = options.get("view") == "both"
    return _one_or_all(_list(_kraft.next(model, options)), model, both or None)


@takes_options("score", "model", "input")
def score(model, data, **options):
    """How well models compress and predict texts, pictures and recordings.

    data: bytes, a text, a path, a picture (an array); several in a list, or a dict from names.
    Returns a list of dicts: of the first input for each model, then of the next. bits is what
    compressing it takes, prequential_bits_per_byte the mean of -log2 of the probability of what
    followed, with its standard error.
    """
    options = prepared("score", {"input": data, **options})
    return [_flat(row) for row in _list(_kraft.score(model, options))]


def _flat(row):
    """A row whose prequential figures stand beside the others."""
    prequential = row.pop("prequential") or {}
    for key in ("bits_per_byte", "standard_error", "positions"):
        row["prequential_" + key] = prequential.get(key)
    return row


@takes_options("classify", "model", "input", "corpus")
def classify(model, corpora, data, **options):
    """To which of several corpora each text belongs, by code lengths alone.

    corpora: a dict from names to bytes, two at least; data: as for score().
    Returns a list of dicts, one for each text: winner, margin, tied, and the distances from all
    corpora.
    """
    task = {"corpus": corpora, "input": data, **options}
    return json.loads(_kraft.classify(model, prepared("classify", task)))["inputs"]


class Records(list):
    """Figures of a comparison: a list of dicts, which pandas.DataFrame takes.

    Their keys are file, model, sampler, figure, context_bytes, mean, standard_error, low and high (of a
    95 % confidence interval), windows, the places place_best and place_worst, the difference to the
    reference with its p-values, and seed_error, as in `kraft compare --csv`.
    """

    def __init__(self, result):
        super().__init__(result.records())
        self._result = result

    def to_html(self):
        """A page that needs nothing else, with charts, tables and samples."""
        return self._result.page()

    def to_json(self):
        """Everything, samples included, as `kraft compare --json` prints it."""
        return self._result.json()

    def table(self):
        """The figures that say most, as text."""
        return self._result.table()


@takes_options("compare", "model", "input")
def compare(model=(), data=(), **options):
    """Which compressor, predictor and sampler is best at which texts, pictures and recordings.

    model: a specification, a Model, or a list of them; data: as for score(). Neither where from_ names
    files of results.
    Returns Records. docs/compare.md defines every figure.
    """
    return Records(_kraft.compare(model, prepared("compare", {"input": data, **options})))


@takes_options("reproduce", "model", "experiment")
def reproduce(experiment, model=(), *, text=(), images=(), audio=(), **options):
    """The experiments of "Language Modeling Is Compression" (Deletang et al., 2024), on any data.

    experiment: "table1", "fig2", "fig3", "fig4", "table2", "views" or "league"; text, images, audio: as data of score().
    What is not given and is needed is what examples/fetch-data has fetched.
    Returns a dict; its "report" is the same as text, beside the published figures.
    """
    data = [named(of, name) for of, name in ((text, "text"), (images, "images"), (audio, "audio"))]
    options = prepared("reproduce", {"experiment": experiment, **options})
    result, report = _kraft.reproduce(model, options, *data)
    return {**json.loads(result), "report": report}


@takes_options("compress", "model")
def compress(data, model, **options):
    """data as a .kraft file: bytes, which name their model and are checked when they are read.

    data: bytes, a text, a path, or a picture. Raises UsageError for a model that is not taken from a
    file, such as a command, unless needs_model=True.
    """
    return _kraft.compress(contents(data), model, prepared("compress", options))


@takes_options("decompress", "model")
def decompress(data, model=None, **options):
    """The bytes that compress() was given.

    model: instead of the one that the file names. Raises Error where the file is damaged, or where
    the model computes other probabilities here than where it was written.
    """
    return _kraft.decompress(contents(data), model, prepared("decompress", options))


def inspect(data):
    """What a .kraft file says of itself, as a dict: model, library, medium, sizes, blocks."""
    (found,) = _list(_kraft.inspect(contents(data)))
    del found["file"]
    return found
