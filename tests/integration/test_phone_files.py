"""What phones and scanners hand in: photos in a format of their own, PDFs with a password, scans of 30 MB."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from support.applying import applicant, publish_applicants
from support.world import at, make_world

from app.errors import Invalid
from app.extensions import atomic
from app.operations.uploads import files
from app.operations.uploads._file_types import HEIC_BRANDS, checked, thumbnail

TODAY = at("2021-06-10 09:00")
PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
"""Fills up a password (ISO 32000-1, 7.6.3.3, algorithm 2)."""


def refused(content: bytes, accept: tuple[str, ...] = ("pdf", "jpg", "png")) -> str:
    with pytest.raises(Invalid) as refusal:
        checked(content, accept)
    return refusal.value.fields["file"][0]


def box(kind: bytes, body: bytes) -> bytes:
    """A box of ISO/IEC 14496-12."""
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def photo(major: bytes, *compatible: bytes) -> bytes:
    """The beginning of a phone's photo: the type, the table of what is in it, the coded picture."""
    kinds = box(b"ftyp", major + bytes(4) + b"".join(compatible))
    return kinds + box(b"meta", bytes(4) + box(b"hdlr", bytes(24))) + box(b"mdat", bytes(range(256)) * 40)


@pytest.mark.parametrize("brand", HEIC_BRANDS, ids=bytes.decode)
def test_a_photo_of_a_phones_own_format_says_what_to_set(brand: bytes) -> None:
    assert "兼容性最佳" in refused(photo(brand, b"mif1"))


def test_it_is_known_by_a_compatible_brand_as_well() -> None:
    assert "截图" in refused(photo(b"MiHE", b"miaf", b"heic"))


def test_a_film_is_no_photo() -> None:
    told = refused(photo(b"isom", b"mp41"))
    assert "HEIC" not in told
    assert "只能上传" in told


def rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def locked_pdf(password: bytes) -> bytes:
    """A PDF of one page that opens with a password alone: 40-bit RC4, the standard security handler."""
    padded, name, rights = (password + PADDING)[:32], hashlib.md5(b"id").digest(), -44  # noqa: S324 - the encryption of PDF asks for it
    owner = rc4(hashlib.md5(padded).digest()[:5], padded)  # noqa: S324 - the encryption of PDF asks for it
    seed = padded + owner + (rights & 0xFFFFFFFF).to_bytes(4, "little") + name
    key = hashlib.md5(seed).digest()[:5]  # noqa: S324 - the encryption of PDF asks for it
    user = rc4(key, PADDING)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
        b"<</Filter/Standard/V 1/R 2/O<%s>/U<%s>/P %d>>"
        % (owner.hex().encode(), user.hex().encode(), rights),
    ]
    text, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(text))
        text += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    ids = name.hex().encode()
    trailer = b"<</Size 5/Root 1 0 R/Encrypt 4 0 R/ID[<%s><%s>]>>" % (ids, ids)
    start = len(text)
    return (
        text
        + b"xref\n0 5\n0000000000 65535 f \n"
        + table
        + b"trailer%s\nstartxref\n%d\n%%%%EOF\n"
        % (
            trailer,
            start,
        )
    )


def test_a_pdf_with_a_password_says_what_to_do() -> None:
    assert "取消密码" in refused(locked_pdf(b"1234"))


def test_a_pdf_that_only_forbids_printing_is_locked_as_well() -> None:
    assert "打印为 PDF" in refused(locked_pdf(b""))


def test_a_pdf_that_writes_of_encryption_is_not_locked() -> None:
    plain = locked_pdf(b"").replace(b"/Encrypt 4 0 R", b"/EncryptMetadata false")
    assert checked(plain, ("pdf",))[0] == "pdf"


def test_a_scan_of_thirty_megabytes_says_how_to_make_it_smaller(app: Flask) -> None:
    publish_applicants()
    person = applicant(make_world())
    pages = [Image.effect_noise((1700, 2200), 90).convert("RGB") for _ in range(2)]
    scan = BytesIO()
    pages[0].save(scan, "PDF", save_all=True, append_images=pages[1:] * 12, quality=95)
    assert scan.tell() > 30 * 1024 * 1024
    scan.seek(0)
    with atomic(), pytest.raises(Invalid) as refusal:
        files.store(scan, "扫描.pdf", actor=person, now=TODAY)
    assert "最大 10 MB；请压缩或降低扫描分辨率" in refusal.value.fields["file"][0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_a_picture_is_shown_small_whatever_it_is_drawn_in(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    Image.new(mode, (2000, 1000)).save(path, "PNG")
    with Image.open(BytesIO(thumbnail(path, "png"))) as small:
        assert (small.format, small.size) == ("JPEG", (480, 240))


def test_the_same_key_takes_a_file_once_and_another_takes_it_again(app: Flask) -> None:
    publish_applicants()
    person = applicant(make_world())
    names = []
    for key in ("a", "a", "b", ""):
        drawn = BytesIO()
        Image.new("RGB", (900, 700), "teal").save(drawn, "JPEG")
        drawn.seek(0)
        with atomic():
            kept = files.store(drawn, "照片.jpg", actor=person, now=TODAY, once=key)
            names.append(kept.name)
            small = Image.open(BytesIO(files.thumbnail_of(kept)))
            assert max(small.size) == 480
    assert names[0] == names[1]
    assert len(set(names)) == 3
