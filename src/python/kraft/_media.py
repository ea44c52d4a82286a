"""Pictures and recordings as arrays of NumPy."""

import operator

import numpy

from . import _kraft
from ._options import contents, prepared, takes_options
from ._tasks import _list, _one_or_all


class Completed(numpy.ndarray):
    """An array of which parts were drawn.

    report is what is known of it, a dict as `kraft sample --json` prints it: model, sampler, seed,
    drawn_bytes, bits, seconds, and of pictures psnr_db against what was there.
    """

    def __array_finalize__(self, of):
        self.report = getattr(of, "report", {})


def _completed(array, report, dtype):
    result = array.astype(dtype, copy=False).view(Completed)
    result.report = report
    return result


def _native(array):
    """The array with its items in the byte order of this machine."""
    array = numpy.asarray(array)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


@takes_options("complete_image", "model")
def complete_image(image, model, *, mask=None, **options):
    """Draws parts of a picture; the rest stays as it is.

    image: an array of uint8 or uint16, of shape (height, width) or (height, width, channels): gray,
    gray and alpha, RGB, or RGB and alpha.
    model: a specification, a Model, or a list of them. What is drawn: rows=N, the last N rows;
    right_from=X; box=(x, y, width, height); or mask, an array of shape (height, width) that is not 0
    where pixels are drawn (or an image file that is bright there, as bytes or a path).
    Returns a Completed array of the same dtype and shape; a list of them where `model` is a list or
    `count` is given.
    """
    array = _native(image)
    options = prepared("complete_image", options)
    if isinstance(mask, numpy.ndarray):
        if mask.shape != array.shape[:2]:
            raise _kraft.UsageError(
                f"mask is of shape {mask.shape}, but the picture of {array.shape[:2]}"
            )
        mask = mask.astype(bool)
    elif mask is not None:
        options["mask"] = contents(mask)
        mask = None
    arrays, reports = _kraft.complete_image(array, model, mask, options)
    dtype = numpy.asarray(image).dtype
    all_of_them = [_completed(a, report, dtype) for a, report in zip(arrays, _list(reports))]
    return _one_or_all(all_of_them, model, options.get("count"))


@takes_options("complete_audio", "model")
def complete_audio(audio, model, *, rate, encoding=None, **options):
    """Continues a recording, or draws a part within it.

    audio: an array of shape (frames,) or (frames, channels): uint8 (around 128), int16, or floats
    from -1 to 1, of which models see 16 bits. rate: frames a second.
    encoding: "mulaw", where uint8 is G.711's.
    model: a specification, a Model, or a list of them. What is drawn: seconds=S or samples=N after
    the end (or after context_seconds=C); or gap=(start, seconds), with what follows as it is.
    Returns a Completed array of the same dtype; a list of them where `model` is a list or `count` is
    given.
    """
    given = _native(audio)
    seen = _sixteen_bits(given)
    options = prepared("complete_audio", options)
    arrays, reports = _kraft.complete_audio(seen, _hertz(rate), _encoding(encoding, seen), model, options)
    if seen is not given:
        arrays = [_as_floats(a, seen, given) for a in arrays]
    dtype = numpy.asarray(audio).dtype
    all_of_them = [_completed(a, report, dtype) for a, report in zip(arrays, _list(reports))]
    return _one_or_all(all_of_them, model, options.get("count"))


def _hertz(rate):
    try:
        hertz = operator.index(rate)
    except TypeError:
        raise _kraft.UsageError("rate is a whole number") from None
    if not 1 <= hertz < 2**32:
        raise _kraft.UsageError(f"rate {hertz} is out of range: 1..{2**32 - 1}")
    return hertz


def _encoding(encoding, samples):
    if encoding is None:
        return "s16" if samples.dtype == numpy.int16 else "u8"
    if encoding not in ("u8", "mulaw", "s16"):
        raise _kraft.UsageError(f"encoding {encoding!r} is none of u8|mulaw|s16")
    return encoding


def _sixteen_bits(audio):
    """Floats as the samples that models see; all else as it is."""
    if audio.dtype.kind != "f":
        return audio
    if not numpy.isfinite(audio).all():
        raise _kraft.UsageError("the recording has values that are not finite")
    return numpy.clip(numpy.rint(audio * 32768.0), -32768, 32767).astype(numpy.int16)


def _as_floats(completed, seen, given):
    """Floats of a completed recording: those that were given, wherever it is what they were."""
    floats = (completed / 32768.0).astype(given.dtype)
    common = min(len(completed), len(given))
    kept = completed[:common] == seen[:common]
    floats[:common][kept] = given[:common][kept]
    return floats


@takes_options("read", "as_")
def read_image(file, **options):
    """The pixels of a file (PNG, JPEG, PNM, BMP, TGA, GIF): uint8 or uint16, of shape (height, width) of
    gray, else (height, width, channels).

    file: bytes or a path. gray=True drops colours; crop=(x, y, width, height) and scale=(width,
    height) do what they say.
    """
    return _kraft.read_image(contents(file), prepared("read", options))


@takes_options("read", "as_")
def read_audio(file, **options):
    """The samples of a recording (WAV, FLAC, OGG, MP3, AIFF, ...) and its rate in frames a second.

    file: bytes or a path. encoding: "u8", "s16" or "mulaw" (default: the nearest to the file's own);
    rate: resampled to so many frames a second. The array is of shape (frames,), or (frames,
    channels) of several; uint8 or int16.
    """
    return _kraft.read_audio(contents(file), prepared("read", options))


def write_image(image):
    """A picture as a PNG file: bytes."""
    return _kraft.write_image(_native(image))


def write_audio(audio, rate, *, encoding=None, format="wav"):
    """A recording as a file: bytes. format: "wav" or "flac"; encoding: as for complete_audio()."""
    seen = _sixteen_bits(_native(audio))
    if format not in ("wav", "flac"):
        raise _kraft.UsageError(f"format {format!r} is none of wav|flac")
    return _kraft.write_audio(seen, _hertz(rate), _encoding(encoding, seen), format)
