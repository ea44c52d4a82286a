"""Requests: arguments as the library's tables of options have them, and what help() says of these."""

import inspect
import os
import textwrap

import numpy

from . import _kraft


def contents(value):
    """What the library takes for bytes: of a path, what the file holds; of a picture, a PNG."""
    if isinstance(value, os.PathLike):
        with open(value, "rb") as file:
            return file.read()
    if isinstance(value, numpy.ndarray) and value.ndim > 1:
        return _kraft.write_image(value)
    return value


def named(data, name):
    """(name, bytes) of each input: of one, of several in a list, or of a dict from names."""
    if isinstance(data, dict):
        return [(str(key), contents(value)) for key, value in data.items()]
    if not isinstance(data, (list, tuple)):
        return [_named_one(data, name)]
    return [_named_one(item, f"{name} {i + 1}") for i, item in enumerate(data)]


def _named_one(data, name):
    return os.fspath(data) if isinstance(data, os.PathLike) else name, contents(data)


def text(value, name):
    """The value, which is a str."""
    if not isinstance(value, str):
        raise _kraft.UsageError(f"{name} is a text, not {type(value).__name__}")
    return value


def prepared(task, options):
    """The options of a task, with paths read and tuples written as the tables have them."""
    rows = {row["name"]: row for row in _kraft.options[task]}
    ready = {}
    for keyword, value in options.items():
        row = rows.get(keyword, {"kind": "", "value_name": ""})
        if row["kind"] == "contents":
            value = contents(value)
        elif row["kind"] == "inputs" and value is not None:
            value = named(value, keyword)
        elif _between(row) and isinstance(value, (tuple, list)):
            value = _between(row).join(str(number) for number in value)
        ready[keyword] = value
    return ready


def shown(task, hidden=()):
    """The rows of a task's table but those that are arguments of their own."""
    return [row for row in _kraft.options[task] if row["name"] not in hidden]


def takes_options(task, *hidden):
    """Decorates a function that ends in **options: signature and documentation list them."""

    def decorate(function):
        rows = shown(task, hidden)
        signature = inspect.signature(function)
        own = [p for p in signature.parameters.values() if p.kind != p.VAR_KEYWORD]
        names = {p.name for p in own}
        keywords = [
            inspect.Parameter(row["name"], inspect.Parameter.KEYWORD_ONLY, default=None)
            for row in rows
            if row["name"] not in names
        ]
        function.__signature__ = signature.replace(parameters=own + keywords)
        function.__doc__ = inspect.cleandoc(function.__doc__) + "\n\n" + _described(rows)
        return function

    return decorate


_TYPES = {
    "flag": "bool",
    "integer": "int",
    "number": "float",
    "text": "str",
    "choice": "str",
    "list": "str or list of str",
    "contents": "bytes, str or path",
    "inputs": "bytes, str, path, array; list or dict of these",
    "file": "str",
}


def _described(rows):
    lines = ["Options (None: not given):", ""]
    for row in rows:
        facts = [fact for fact in (row["range"], _default(row)) if fact]
        shown_facts = f" ({'; '.join(facts)})" if facts else ""
        lines.append(f"  {row['name']}: {_TYPES[row['kind']]}{_form(row)}{shown_facts}")
        text = (row["of"] + ": " if row["of"] else "") + row["meaning"]
        lines.append(textwrap.fill(text, 96, initial_indent=" " * 6, subsequent_indent=" " * 6))
    lines += [
        "",
        "Raises UsageError for an option that is out of its range, has no meaning here or contradicts",
        "another one, before any work is done; Error for whatever else goes wrong.",
    ]
    return "\n".join(lines)


def _between(row):
    """What stands between the numbers of a text of several, which may be a tuple as well; "" for others."""
    if row["kind"] != "text":
        return ""
    return "," if "," in row["value_name"] else "x" if row["value_name"] == "WxH" else ""


def _form(row):
    return f" {row['value_name']}, or tuple" if _between(row) else ""


def _default(row):
    return "default: " + row["default"] if row["default"] else ""
