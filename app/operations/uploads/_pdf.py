"""What a PDF would do by itself: scripts, programs that it starts, files that it carries (ISO 32000)."""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Iterator

from app.errors import Invalid

ACTIVE = ("JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles")
MOST_INFLATED = 64 * 1024 * 1024
"""For all object streams of a file: a million objects. Beyond that somebody wants to wear the server out."""

PAIRS = re.compile(rb"\s*\d+\s+\d+[\s\d]")
"""How an object stream begins: numbers and places of its objects (ISO 32000-2, 7.5.7)."""


def _spelt(name: str) -> bytes:
    """A name, each of whose letters may stand as its number (7.3.5)."""
    letters = [rb"(?:%c|#%02X|#%02x)" % (ord(letter), ord(letter), ord(letter)) for letter in name]
    return b"".join(letters)


NAMES = re.compile(rb"/(?:" + b"|".join(map(_spelt, ACTIVE)) + rb")(?![\w.#-])")


ENCRYPTED = re.compile(rb"/Encrypt(?![\w.#-])")
"""Stands in the trailer or in the dictionary of the last cross-reference stream, both in clear (7.6.2)."""


def demand_passive(content: bytes) -> None:
    """Raises Invalid, field `file`, for a PDF with active content, seen also through compressed objects.

    An encrypted one is refused as well: reviewers could not open it, and nobody could look into it. A hurdle,
    not a wall: what is packed in another way than by Flate is not looked into. Readers ask before they run
    anything, and a scanner knows more.
    """
    if ENCRYPTED.search(content):
        raise _invalid(
            "这个 PDF 设有密码或加了密，审核人员打不开；请取消密码后再上传，或打开后用“打印为 PDF”另存一份。"
        )
    if NAMES.search(content) or any(map(NAMES.search, _object_streams(content))):
        raise _invalid(
            "PDF 里有脚本、启动程序的动作或嵌入的文件，不能接收；请用“打印为 PDF”重新生成后再上传。"
        )


def _object_streams(content: bytes) -> Iterator[bytes]:
    left = MOST_INFLATED
    for body in _streams(content):
        inflater = zlib.decompressobj()
        with contextlib.suppress(zlib.error):
            objects = inflater.decompress(body, 64)
            if PAIRS.match(objects):
                objects += inflater.decompress(inflater.unconsumed_tail, left)
                left -= len(objects)
                if left <= 0:
                    raise _invalid(
                        "PDF 内部压缩得过多，无法检查，不能接收；请用“打印为 PDF”重新生成后再上传。"
                    )
                yield objects


def _streams(content: bytes) -> Iterator[bytes]:
    """What stands between `stream` and `endstream`."""
    end = 0
    while (begin := content.find(b"stream", end)) >= 0:
        begin += len(b"stream")
        end = content.find(b"endstream", begin)
        end = len(content) if end < 0 else end
        yield content[begin:end].lstrip(b"\r\n")
        end += len(b"endstream")


def _invalid(sentence: str) -> Invalid:
    return Invalid({"file": [sentence]})
