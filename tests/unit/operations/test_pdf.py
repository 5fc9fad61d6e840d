"""PDFs that would do something by themselves are told, those that only show something are not."""

from __future__ import annotations

import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.operations.uploads import _pdf

HEAD, TAIL = b"%PDF-1.7\n", b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CATALOG = b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
SCRIPT = b"<</S/JavaScript/JS(app.alert(1))>>"


def plain(*objects: bytes) -> bytes:
    return HEAD + CATALOG + b"".join(b"%d 0 obj%sendobj\n" % (n, o) for n, o in enumerate(objects, 2)) + TAIL


def stream(body: bytes, facts: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\r\n%s\r\nendstream " % (facts, len(body), body)


def packed(*objects: bytes) -> bytes:
    """Objects in a compressed object stream, as every PDF writer since 2003 makes them."""
    places = b" ".join(b"%d %d" % (n + 10, sum(map(len, objects[:n]))) for n in range(len(objects)))
    body = zlib.compress(places + b"\n" + b"".join(objects))
    return stream(body, b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(objects), len(places) + 1))


def refused(content: bytes) -> str:
    with pytest.raises(Invalid) as refusal:
        _pdf.demand_passive(content)
    return refusal.value.fields["file"][0]


@pytest.mark.parametrize(
    "active",
    [
        SCRIPT,
        b"<</S /Launch /F (cmd.exe)>>",
        b"<</Type/Filespec/EF<</F 3 0 R>>>><</Type/EmbeddedFile>>",
        b"<</Names<</EmbeddedFiles 3 0 R>>>>",
        b"<</S/Java#53cript/JS(x)>>",
        b"<</S/#4a#61#76#61#53#63#72#69#70#74/JS(x)>>",
    ],
)
@pytest.mark.parametrize("hide", [lambda o: o, packed], ids=["open", "packed"])
def test_active_content_is_told(active: bytes, hide) -> None:
    assert "打印为 PDF" in refused(plain(b"<<>>", hide(active), b"<</Type/Page>>"))


@pytest.mark.parametrize(
    "passive",
    [
        b"<</S/URI/URI(https://example.org)>>",
        b"<</S/GoTo/D[2 0 R/Fit]>>",
        b"<</JavaScripts 1/Launcher 2/EmbeddedFilesX 3/Launch-Pad 4>>",
        packed(b"<</Type/Page>>", b"<</S/GoTo>>"),
        stream(zlib.compress(b"BT (about /JavaScript and /Launch) Tj ET"), b"/Filter/FlateDecode"),
        stream(b"\xff\xd8\xff\xe0 a picture", b"/Filter/DCTDecode"),
        stream(b"not deflated", b"/Filter/FlateDecode"),
    ],
)
def test_what_only_shows_something_passes(passive: bytes) -> None:
    _pdf.demand_passive(plain(passive))


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_told(content: bytes) -> None:
    _pdf.demand_passive(HEAD + content + b"stream\n" + zlib.compress(content) + b"endstream" + TAIL)


def test_a_file_that_inflates_without_end_is_told() -> None:
    bomb = stream(zlib.compress(b"1 0 " + b" " * (_pdf.MOST_INFLATED // 4), 9), b"/Type/ObjStm")
    content = plain(*[bomb] * 6)
    assert len(content) < 2 * 1024 * 1024
    assert "压缩得过多" in refused(content)


@pytest.mark.parametrize(
    "part", [b"stream\n", b"endstream", b"stream\nendstream", b"/#4a#61", b"stream\nx\x9c", b"/" * 7]
)
def test_ten_megabytes_of_nonsense_are_read_at_once(part: bytes) -> None:
    content = HEAD + part * (10 * 1024 * 1024 // len(part))
    begun = time.process_time()
    _pdf.demand_passive(content)
    assert time.process_time() - begun < 5
