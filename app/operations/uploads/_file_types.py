"""What an upload is, judged by its content alone; images come out drawn anew, active PDFs not at all."""

from __future__ import annotations

import contextlib
import struct
import threading
from collections.abc import Collection, Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from app.errors import Busy, Invalid, NotFound
from app.operations.uploads._pdf import demand_passive

MEDIA_TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}
TITLES = {"pdf": "PDF", "jpg": "JPG 图片", "png": "PNG 图片"}
SIGNATURES = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}
FORMATS = {"jpg": "JPEG", "png": "PNG"}

MAX_PIXELS = 30_000_000
"""An A4 page at 400 dpi has 15 million; 30 take about 120 MB to draw."""
TOO_LARGE = f"图片尺寸太大，最多 {MAX_PIXELS // 10_000} 万像素；请降低分辨率后再上传。"
UNREADABLE = "图片已损坏，无法打开，请重新扫描或另存后再上传。"

HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif")
HEIC = (
    "这是苹果等手机的高效格式照片（HEIC），审核人员打不开。请在手机设置里把相机改为“兼容性最佳”（JPG）后重拍，"
    "或上传这张照片的截图。"
)

MAX_SCANS = 100
"""Passes over a JPEG's picture; real ones have 10 or so, and a file of 10 MB could ask for 200,000."""
START_OF_SCAN = b"\xff\xda"

AT_ONCE = threading.BoundedSemaphore(2)
"""Pictures that a process draws at a time: each may take 350 MB."""
LONGEST_WAIT = 15.0

MODES = {"jpg": ("L", "RGB"), "png": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")}
QUALITY = 90
THUMBNAIL = (480, 480)

# Whatever Pillow raises on broken files, beyond what it documents.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, OverflowError, TypeError, IndexError, struct.error)


def checked(content: bytes, accept: Collection[str]) -> tuple[str, bytes]:
    """The kind of a file (pdf, jpg, png) and the bytes to keep. Raises Invalid with the field `file`."""
    wanted = {"jpg" if kind == "jpeg" else kind for kind in accept} & MEDIA_TYPES.keys()
    kind = _kind(content)
    if _is_heic(content):
        raise _invalid(HEIC)
    if kind not in wanted:
        listed = "、".join(TITLES[kind] for kind in sorted(wanted))
        raise _invalid(f"只能上传 {listed} 文件（按文件内容判断，改扩展名没有用）。")
    if kind == "pdf":
        demand_passive(content)
        return kind, content
    try:
        with _slot():
            return kind, _drawn_anew(content, kind)
    except Image.DecompressionBombError as error:
        raise _invalid(TOO_LARGE) from error
    except BROKEN as error:
        raise _invalid(UNREADABLE) from error


def _kind(content: bytes) -> str | None:
    for signature, kind in SIGNATURES.items():
        if content.startswith(signature):
            return kind
    # Readers take a PDF with some bytes before its header, and need its trailer.
    if b"%PDF-" in content[:1024] and b"%%EOF" in content[-2048:]:
        return "pdf"
    return None


def _is_heic(content: bytes) -> bool:
    """A picture in the container of ISO/IEC 23008-12, by its major or a compatible brand."""
    if content[4:8] != b"ftyp":
        return False
    length = int.from_bytes(content[:4], "big")
    brands = (content[start : start + 4] for start in (8, *range(16, min(length, 64), 4)))
    return any(brand in HEIC_BRANDS for brand in brands)


@contextlib.contextmanager
def _slot() -> Iterator[None]:
    """Waits for one of the places to draw. Raises Busy."""
    if not AT_ONCE.acquire(timeout=LONGEST_WAIT):
        raise Busy
    try:
        yield
    finally:
        AT_ONCE.release()


def _drawn_anew(content: bytes, kind: str) -> bytes:
    """The same picture and nothing else: no metadata, no place, nothing hidden behind its end."""
    with Image.open(BytesIO(content), formats=[FORMATS[kind]]) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise _invalid(TOO_LARGE)
        if kind == "jpg" and content.count(START_OF_SCAN) > MAX_SCANS:
            raise _invalid(UNREADABLE)
        image = ImageOps.exif_transpose(opened)
    if image.mode not in MODES[kind]:
        image = image.convert("RGB")
    image.info = {name: value for name, value in image.info.items() if name == "transparency"}
    drawn = BytesIO()
    image.save(drawn, FORMATS[kind], quality=QUALITY)
    return drawn.getvalue()


def thumbnail(path: Path, kind: str) -> bytes:
    """A kept picture, drawn small, as JPEG. Raises NotFound for another kind."""
    if kind not in FORMATS:
        raise NotFound
    with _slot(), Image.open(path, formats=[FORMATS[kind]]) as image:
        image.draft("RGB", THUMBNAIL)
        small = image.convert("RGBA" if image.mode in ("LA", "P", "RGBA") else "RGB")
        small.thumbnail(THUMBNAIL)
        drawn = BytesIO()
        paper = Image.new("RGB", small.size, "white")
        paper.paste(small, mask=small if small.mode == "RGBA" else None)
        paper.save(drawn, "JPEG", quality=QUALITY)
    return drawn.getvalue()


def _invalid(sentence: str) -> Invalid:
    return Invalid({"file": [sentence]})
