"""Blocks of bytes → UTF-8, whatever Unicode encoding the file has."""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterator, Sequence

from shared.reasons import FileReason
from shared.records.compression import compression_of
from shared.records.hints import encoding_hint
from shared.records.verdict import Unreadable

SAMPLE = 64 * 1024
BEYOND_ASCII = bytes(range(128, 256))
BLANKS = b" \t\r\n"
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
UTF32 = b"\xff\xfe\0\0"
UNICODE = ("utf-8", "utf-16")
WIDE = {"utf-16-le": 1, "utf-16-be": 0}  # encoding without a mark → which byte of an ASCII character is zero
CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r\f\x1b")
FEW_CONTROLS = 1  # a stray one spoils its record; more than this and one in a hundred are no text
UNDECIDED = "undecided"  # ASCII so far, and the contract allows an encoding that is not Unicode
BY_CHANCE = 20  # among this many bytes of another encoding one pair may look like UTF-8
C1 = re.compile(rb"[\x80-\x9f]")  # control characters in every ISO 8859, which no text holds


def begun(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes (64 kB if there are as many) and all blocks, without blocks of nothing but blanks
    before the first text.

    Raises Unreadable when the bytes are compressed a second time.
    """
    sample = b""
    for block in blocks:
        sample += block if sample or block.strip(BLANKS) else b""
        if len(sample) >= SAMPLE:
            break
    if (inner := compression_of(sample)) != "none":
        raise Unreadable(FileReason.NESTED_COMPRESSION, f"a {inner} inside a compressed file")
    start = sample.lstrip(BLANKS)
    # A zero behind a blank is its other half in UTF-16: cut there, all pairs would be of the other order.
    return (sample if start.startswith(b"\0") else start)[:SAMPLE], itertools.chain([sample], blocks)


def encoding_of(sample: bytes, allowed: Sequence[str]) -> str:
    """The sample's encoding: by its byte-order mark, else UTF-8, else what the contract allows; `undecided`
    as long as only that is allowed and it is ASCII.

    Raises Unreadable for what is no text.
    """
    if found := told_by_bytes(sample, allowed):
        return found
    other = fallback(allowed)
    if not any(_characters(sample)):  # ASCII, or one character that the end cuts in two
        return "utf-8" if other is None else UNDECIDED
    chosen = decided(sample, other)
    lines = sample.split(b"\n")[:-1]
    if chosen == "utf-8" and sum(not is_utf8(line) for line in lines) * 2 > len(lines) > 1:
        raise Unreadable(
            FileReason.NOT_TEXT,
            f"the content is in none of the encodings {', '.join(allowed)}{encoding_hint(sample)}",
        )
    return chosen  # a few broken lines are bad records, not another encoding


def told_by_bytes(sample: bytes, allowed: Sequence[str]) -> str | None:
    """The encoding by a byte-order mark, or by zeros where one of UTF-16 is allowed; else None.

    Raises Unreadable for what is no text.
    """
    if sample.startswith(UTF32):
        raise Unreadable(FileReason.NOT_TEXT, "the content is UTF-32; have it sent as UTF-8")
    for mark, name in MARKS:
        if sample.startswith(mark):
            return name
    if wide := next((name for name in allowed if _is_wide(sample, codecs.lookup(name).name)), None):
        return wide
    controls = len(sample) - len(sample.translate(None, CONTROLS))
    if controls > max(FEW_CONTROLS, len(sample) // 100) or controls * 2 >= len(sample):
        raise Unreadable(FileReason.NOT_TEXT, f"the content is binary{encoding_hint(sample)}")
    return None


def fallback(allowed: Sequence[str]) -> str | None:
    """The encoding of a contract for what is not Unicode."""
    return next((name for name in allowed if codecs.lookup(name).name not in (*UNICODE, *WIDE)), None)


def decided(sample: bytes, other: str | None, *, whole: bool = False) -> str:
    """UTF-8, or the other encoding."""
    good, bad = _characters(sample, whole)
    return other if other is not None and is_other(good, bad, sample, other, whole=whole) else "utf-8"


def is_other(good: int, bad: int, sample: bytes, other: str, *, whole: bool) -> bool:
    """Whether a text is in the other encoding: `good` characters beyond ASCII are UTF-8, `bad` bytes are not.

    It is where next to nothing is UTF-8; of an encoding whose characters have several bytes, where less is
    than is not, and all of the sample can be read.
    """
    few = good * BY_CHANCE <= bad or (good < bad and _in_several_bytes(sample, other, whole))
    return bad > 0 and few


def _is_wide(sample: bytes, name: str) -> bool:
    """Whether it is this UTF-16 without a mark: in nearly every pair of bytes the same one is zero."""
    if name not in WIDE or len(sample) < 2:
        return False
    return sample[WIDE[name] :: 2].count(0) * 2 > len(sample) // 2 > 4 * sample[1 - WIDE[name] :: 2].count(0)


def _characters(sample: bytes, whole: bool = False) -> tuple[int, int]:
    """How many characters beyond ASCII are UTF-8, and how many bytes are not.

    One that the end of the sample cuts in two is neither, unless the sample is the `whole` rest.
    """
    if sample.isascii():
        return 0, 0
    text = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape").decode(sample, whole)
    good = len(text.encode(errors="ignore").decode())  # which leaves out the bytes that were escaped
    return good - len(sample.translate(None, BEYOND_ASCII)), len(text) - good


def _in_several_bytes(sample: bytes, encoding: str, whole: bool) -> bool:
    """Whether it can be read in an encoding, and characters have several bytes there. Some of them, but by
    far not all, are UTF-8 by chance; and a text in another encoding can hardly be read so.
    """
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample, whole)
    except UnicodeDecodeError:
        return False
    return len(text) < len(sample)


def control_character(text: bytes, encoding: str) -> re.Match[bytes] | None:
    """The first control character that an ISO 8859 has and no text holds: the text is in another encoding."""
    return C1.search(text) if codecs.lookup(encoding).name.startswith("iso8859") else None


def is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


class Utf8:
    """The blocks as UTF-8 without byte-order mark. `encoding` is decided when all was taken.

    A bad byte in UTF-8 spoils a record; a file that is not in its encoding is Unreadable.
    """

    def __init__(self, blocks: Iterator[bytes], encoding: str, allowed: Sequence[str] = ()) -> None:
        self._blocks, self.encoding, self._other = blocks, encoding, fallback(allowed)

    def __iter__(self) -> Iterator[bytes]:
        if self.encoding == UNDECIDED:
            for block in self._blocks:
                if not block.isascii():
                    more = next(self._blocks, b"")  # its first bytes end a character that the block cuts
                    self._blocks = itertools.chain([block, more], self._blocks)
                    self.encoding = decided(block + more[:3], self._other, whole=not more)
                    break
                yield block
            else:
                self.encoding = "utf-8"
        yield from _recoded(self._blocks, self.encoding)


def utf8(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The blocks of a file of this encoding as UTF-8."""
    return iter(Utf8(blocks, encoding))


def _recoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding == "utf-8":
        yield from blocks
        return
    if encoding == "utf-8-sig":
        yield next(blocks, b"").removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogatepass")
    line = 1
    try:
        for block in blocks:
            if control := control_character(block, encoding):
                line += block.count(b"\n", 0, control.start())
                detail = f"line {line} holds control characters of {encoding}{encoding_hint(block)}"
                raise Unreadable(FileReason.NOT_TEXT, detail)
            line += block.count(b"\n")
            yield decoder.decode(block).encode(errors="surrogatepass")
        yield decoder.decode(b"", final=True).encode(errors="surrogatepass")
    except UnicodeError as error:
        raise Unreadable(FileReason.NOT_TEXT, f"the content is no {encoding}") from error
