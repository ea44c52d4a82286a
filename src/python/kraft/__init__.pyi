# What the package has, for type checkers. tests/python/stubs writes the options.

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, TypeAlias

import numpy
from numpy.typing import ArrayLike, NDArray

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

__version__: str

_Bytes: TypeAlias = bytes | bytearray | memoryview | str | NDArray[numpy.uint8]
_Data: TypeAlias = _Bytes | PathLike[str] | NDArray[Any]
_Inputs: TypeAlias = _Data | Sequence[_Data] | Mapping[str, _Data]
_Structured: TypeAlias = str | int | tuple[float, ...]
_Models: TypeAlias = str | Model | list[str | Model] | list[str] | list[Model] | tuple[str | Model, ...]

class Error(Exception): ...
class UsageError(Error, ValueError): ...
class Mark: ...

class State:
    def observe(self, data: _Bytes) -> None: ...
    def next(self) -> NDArray[numpy.float64]: ...
    def measure(self, continuations: Iterable[_Bytes]) -> NDArray[numpy.float64]: ...
    def mark(self) -> Mark: ...
    def rewind(self, mark: Mark) -> None: ...
    def forget(self, mark: Mark) -> None: ...
    def clone(self) -> State: ...
    def __copy__(self) -> State: ...
    def context_bits(self) -> float: ...
    @property
    def position_bytes(self) -> int: ...
    @property
    def context_bytes(self) -> int: ...

class Model:
    def __init__(self) -> None: ...
    def start(self, context: _Bytes = b"") -> State: ...
    @property
    def spec(self) -> str: ...
    @property
    def units(self) -> tuple[bytes, ...]: ...
    @property
    def granularity(self) -> str: ...
    @property
    def window_bytes(self) -> int | None: ...
    @property
    def parameters(self) -> int: ...

class Codec:
    def __init__(self) -> None: ...
    def encode(self, message: _Bytes) -> bytes: ...
    def decode(self, stream: _Bytes) -> bytes: ...
    def code_length(self, message: _Bytes) -> float: ...
    @property
    def granularity(self) -> str: ...

class Sample(bytes):
    report: dict[str, Any]
    def __new__(cls, drawn: bytes = b"", report: dict[str, Any] | None = None) -> Sample: ...
    def __getnewargs__(self) -> tuple[bytes, dict[str, Any]]: ...  # type: ignore[override]
    @property
    def text(self) -> str: ...

class Completed(numpy.ndarray[Any, Any]):
    report: dict[str, Any]
    def __array_finalize__(self, of: Any) -> None: ...

class Records(list[dict[str, Any]]):
    def __init__(self, result: Any) -> None: ...
    def to_html(self) -> str: ...
    def to_json(self) -> str: ...
    def table(self) -> str: ...

def model(spec: str, *, threads: int = 0) -> Model: ...
def codec(spec: str) -> Codec: ...
def register(name: str, what: Codec | Model | Callable[[bytes], bytes], summary: str = "") -> None: ...
def check_spec(spec: str) -> str: ...
def models(*names: str) -> list[dict[str, Any]]: ...
def probabilities(bits: ArrayLike) -> NDArray[numpy.float64]: ...
def inspect(data: _Data) -> dict[str, Any]: ...
def write_image(image: NDArray[Any]) -> bytes: ...
def write_audio(
    audio: NDArray[Any], rate: int, *, encoding: str | None = None, format: str = "wav"
) -> bytes: ...
def sample(
    model: _Models | None = None,
    prompt: _Bytes | None = None,
    *,
    # options: sample model prompt
    count: int | None = None,
    seed: int | None = None,
    alphabet: str | None = None,
    sampler: str | None = None,
    max_copy: int | None = None,
    repeat_ngram: int | None = None,
    top_k: int | None = None,
    typical: float | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    temperature: float | None = None,
    whole_bytes: bool | None = None,
    tail: int | None = None,
    horizon: int | None = None,
    beam_width: int | None = None,
    commit: int | None = None,
    span_length: int | None = None,
    span_limit: int | None = None,
    key_length: int | None = None,
    span: int | None = None,
    steps: int | None = None,
    burn_in: int | None = None,
    thin: int | None = None,
    chains: int | None = None,
    anneal: bool | None = None,
    particles: int | None = None,
    segment: int | None = None,
    threads: int | None = None,
    suffix_first: int | None = None,
    proposal: str | None = None,
    prime: _Data | None = None,
    prime_first: int | None = None,
    input: _Data | None = None,
    length: int | None = None,
    units: _Data | None = None,
    preset: str | None = None,
    suffix: _Bytes | None = None,
    suffix_file: _Data | None = None,
    hole: _Bytes | None = None,
    # end
) -> Sample | Any: ...  # or a list of them
def next_byte(
    model: _Models,
    prompt: _Bytes | None = None,
    *,
    # options: next model prompt
    prime: _Data | None = None,
    prime_first: int | None = None,
    input: _Data | None = None,
    base_bits: Literal["auto", "on", "off"] | None = None,
    view: Literal["given", "encoder", "decoder", "both"] | None = None,
    threads: int | None = None,
    # end
) -> dict[str, Any] | Any: ...  # or a list of them
def score(
    model: _Models,
    data: _Inputs,
    *,
    # options: score model input
    prime: _Data | None = None,
    lines: bool | None = None,
    chunk: int | str | None = None,
    positions: _Structured | None = None,
    seed: int | None = None,
    as_: Literal["auto", "text", "image", "audio", "bytes"] | None = None,
    crop: _Structured | None = None,
    scale: _Structured | None = None,
    gray: bool | None = None,
    encoding: Literal["u8", "mulaw", "s16"] | None = None,
    rate: int | None = None,
    threads: int | None = None,
    # end
) -> list[dict[str, Any]]: ...
def classify(
    model: str | Model,
    corpora: _Inputs,
    data: _Inputs,
    *,
    # options: classify model input corpus
    by: Literal["conditional", "ncd"] | None = None,
    lines: bool | None = None,
    threads: int | None = None,
    # end
) -> list[dict[str, Any]]: ...
def compare(
    model: _Models | tuple[()] = (),
    data: _Inputs = (),
    *,
    # options: compare model input
    view: Literal["given", "encoder", "decoder", "both"] | None = None,
    sampler: str | Sequence[str] | None = None,
    temperatures: _Structured | None = None,
    reference: str | None = None,
    windows: int | None = None,
    budget: float | None = None,
    count: int | None = None,
    positions: int | None = None,
    seed: int | None = None,
    context: int | None = None,
    length: int | None = None,
    side: int | None = None,
    patch: _Structured | None = None,
    rows: int | None = None,
    rate: int | None = None,
    context_samples: int | None = None,
    samples: int | None = None,
    alphabet: str | None = None,
    judge: str | Sequence[str] | None = None,
    features: str | None = None,
    resume: str | None = None,
    threads: int | None = None,
    from_: str | Sequence[str] | None = None,
    # end
) -> Records: ...
def reproduce(
    experiment: str,
    model: _Models | tuple[()] = (),
    *,
    text: _Inputs = (),
    images: _Inputs = (),
    audio: _Inputs = (),
    # options: reproduce model experiment
    limit: int | str | None = None,
    chunks: int | None = None,
    medium: Literal["text", "images", "audio"] | None = None,
    seed: int | None = None,
    view: Literal["encoder", "decoder", "both"] | None = None,
    windows: int | None = None,
    resume: str | None = None,
    threads: int | None = None,
    # end
) -> dict[str, Any]: ...
def compress(
    data: _Data,
    model: str | Model,
    *,
    # options: compress model
    block: int | str | None = None,
    as_: Literal["auto", "text", "image", "audio", "bytes"] | None = None,
    needs_model: bool | None = None,
    threads: int | None = None,
    # end
) -> bytes: ...
def decompress(
    data: _Data,
    model: str | Model | None = None,
    *,
    # options: decompress model
    threads: int | None = None,
    # end
) -> bytes: ...
def complete_image(
    image: NDArray[Any],
    model: _Models,
    *,
    mask: _Data | None = None,
    # options: complete_image model mask
    count: int | None = None,
    seed: int | None = None,
    alphabet: str | None = None,
    sampler: str | None = None,
    max_copy: int | None = None,
    repeat_ngram: int | None = None,
    top_k: int | None = None,
    typical: float | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    temperature: float | None = None,
    whole_bytes: bool | None = None,
    tail: int | None = None,
    horizon: int | None = None,
    beam_width: int | None = None,
    commit: int | None = None,
    span_length: int | None = None,
    span_limit: int | None = None,
    key_length: int | None = None,
    span: int | None = None,
    steps: int | None = None,
    burn_in: int | None = None,
    thin: int | None = None,
    chains: int | None = None,
    anneal: bool | None = None,
    particles: int | None = None,
    segment: int | None = None,
    threads: int | None = None,
    suffix_first: int | None = None,
    proposal: str | None = None,
    candidate: Literal["byte", "whole", "pixel", "frame"] | None = None,
    rows: int | None = None,
    right_from: int | None = None,
    rows_context: Literal["none", "above"] | None = None,
    box: _Structured | None = None,
    # end
) -> Completed | Any: ...  # or a list of them
def complete_audio(
    audio: NDArray[Any],
    model: _Models,
    *,
    rate: int,
    encoding: str | None = None,
    # options: complete_audio model
    count: int | None = None,
    seed: int | None = None,
    alphabet: str | None = None,
    sampler: str | None = None,
    max_copy: int | None = None,
    repeat_ngram: int | None = None,
    top_k: int | None = None,
    typical: float | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    temperature: float | None = None,
    whole_bytes: bool | None = None,
    tail: int | None = None,
    horizon: int | None = None,
    beam_width: int | None = None,
    commit: int | None = None,
    span_length: int | None = None,
    span_limit: int | None = None,
    key_length: int | None = None,
    span: int | None = None,
    steps: int | None = None,
    burn_in: int | None = None,
    thin: int | None = None,
    chains: int | None = None,
    anneal: bool | None = None,
    particles: int | None = None,
    segment: int | None = None,
    threads: int | None = None,
    suffix_first: int | None = None,
    proposal: str | None = None,
    candidate: Literal["byte", "whole", "pixel", "frame"] | None = None,
    seconds: float | None = None,
    samples: int | None = None,
    context_seconds: float | None = None,
    gap: _Structured | None = None,
    # end
) -> Completed | Any: ...  # or a list of them
def read_image(
    file: _Data,
    *,
    # options: read as_
    crop: _Structured | None = None,
    scale: _Structured | None = None,
    gray: bool | None = None,
    encoding: Literal["u8", "mulaw", "s16"] | None = None,
    rate: int | None = None,
    # end
) -> NDArray[Any]: ...
def read_audio(
    file: _Data,
    *,
    # options: read as_
    crop: _Structured | None = None,
    scale: _Structured | None = None,
    gray: bool | None = None,
    encoding: Literal["u8", "mulaw", "s16"] | None = None,
    rate: int | None = None,
    # end
) -> tuple[NDArray[Any], int]: ...
