# The module in C++, which is of nobody's concern but the package's own files.

from typing import Any

def __getattr__(name: str) -> Any: ...
