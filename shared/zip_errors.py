"""What Python's zipfile raises for a damaged zip; only some of it is its own error."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

# ValueError: names that are no UTF-8; LookupError: fields cut off; OverflowError: places beyond any disk;
# RuntimeError: passwords, and methods of compression that it does not know.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    LookupError,
    OverflowError,
    RuntimeError,
    ValueError,
)
