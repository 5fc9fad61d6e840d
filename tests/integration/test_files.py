"""Uploads: what is taken, how it is kept, who may use it (threats 12, 13 and 15 of the trust notes)."""

from __future__ import annotations

import os
import time
import zlib
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from support.world import LIBRARY, OTHER_UNIT, make_world, open_filing, publish_tiny

from app.errors import Busy, Invalid, NotFound, Refused
from app.extensions import atomic, db
from app.models import Attachment
from app.operations.access import accounts
from app.operations.actors import SYSTEM, Actor
from app.operations.offices import organisations
from app.operations.offices.organisations import Profile
from app.operations.trials.worlds import Built
from app.operations.uploads import _file_types, files

pytestmark = pytest.mark.usefixtures("cheap_passwords", "all_regions")

NOW = datetime(2021, 6, 21, 2, tzinfo=UTC)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
BACKDOOR = b"<?php system($_GET[1]); ?>"


def operator(name: str, login: str) -> Actor:
    with atomic():
        unit = organisations.create("unit", name, "500101", actor=SYSTEM, now=NOW, profile=Profile())
        account, _ = accounts.allot(unit.id, login, "王芳", {"operator"}, actor=SYSTEM, now=NOW)
        return accounts.actor_for(account)


@pytest.fixture
def library() -> Actor:
    return operator("万州区图书馆", "library")


def store(content: bytes, actor: Actor, title="身份证.pdf", **limits) -> Attachment:
    with atomic():
        return files.store(BytesIO(content), title, actor=actor, now=NOW, **limits)


def told(content: bytes, actor: Actor, **limits) -> str:
    with pytest.raises(Invalid) as refusal:
        store(content, actor, **limits)
    return refusal.value.fields["file"][0]


def picture(kind: str, size=(60, 40), mode="RGB", **save) -> bytes:
    image, file = Image.new(mode, size, 1), BytesIO()
    image.save(file, _file_types.FORMATS[kind], **save)
    return file.getvalue()


def huge_png(side: int) -> bytes:
    """A few kilobytes that claim and decode to side × side pixels."""
    rows = zlib.compress(b"\0" * (side * (1 + side // 8)), 9)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = side.to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class TestKinds:
    def test_a_pdf_is_kept_byte_for_byte(self, library) -> None:
        kept = store(PDF, library)
        assert files.path_of(kept).read_bytes() == PDF
        assert (kept.media_type, kept.size, kept.title) == ("application/pdf", len(PDF), "身份证.pdf")
        assert kept.organisation_id == library.organisation_id

    def test_the_content_decides_not_the_name(self, library) -> None:
        kept = store(picture("png"), library, "证书.pdf")
        assert (kept.media_type, kept.title) == ("image/png", "证书.png")
        assert "PDF" in told(b"MZ" + PDF[8:], library)
        assert "PNG" in told(b"<svg onload=alert(1)>", library)
        assert "只能上传 PDF 文件" in told(picture("jpg"), library, accept=["pdf"])
        assert store(picture("jpg"), library, accept=["jpeg"]).media_type == "image/jpeg"

    @pytest.mark.parametrize("kind", ["jpg", "png"])
    def test_an_image_loses_all_but_its_picture(self, library, kind: str) -> None:
        extra: dict = {"exif": Image.Exif()}
        extra["exif"][0x010E] = "GPS 30.8,108.4"
        if kind == "png":
            extra["pnginfo"] = PngImagePlugin.PngInfo()
            extra["pnginfo"].add_text("Comment", "secret place")
        else:
            extra["comment"] = b"secret place"
        kept = files.path_of(store(picture(kind, **extra) + BACKDOOR, library)).read_bytes()
        for hidden in (b"GPS", b"secret", BACKDOOR, b"Exif"):
            assert hidden not in kept
        assert Image.open(BytesIO(kept)).size == (60, 40)

    def test_a_turned_photo_stands_upright(self, library) -> None:
        turned = Image.Exif()
        turned[0x0112] = 6
        kept = store(picture("jpg", exif=turned), library)
        assert Image.open(files.path_of(kept)).size == (40, 60)

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    def test_every_png_of_a_scanner_survives(self, library, mode: str) -> None:
        assert Image.open(files.path_of(store(picture("png", mode=mode), library))).mode == mode

    def test_a_print_shops_jpeg_becomes_rgb(self, library) -> None:
        assert Image.open(files.path_of(store(picture("jpg", mode="CMYK"), library))).mode == "RGB"

    def test_a_pixel_bomb_is_told_before_it_is_drawn(self, library) -> None:
        for side in (6_000, 20_000):
            bomb = huge_png(side)
            assert len(bomb) < 100_000
            assert "尺寸太大" in told(bomb, library)

    def test_a_jpeg_with_passes_without_end_is_told_before_it_is_drawn(self, library) -> None:
        whole = picture("jpg", (4000, 4000), progressive=True)
        last = whole.rindex(b"\xff\xda")
        begun = time.process_time()
        assert "无法打开" in told(whole[:last] + whole[last:-2] * 50_000 + whole[-2:], library)
        assert time.process_time() - begun < 2

    def test_only_a_few_pictures_are_drawn_at_a_time(self, library, monkeypatch) -> None:
        monkeypatch.setattr(_file_types, "LONGEST_WAIT", 0.01)
        with _file_types.AT_ONCE, _file_types.AT_ONCE, pytest.raises(Busy):
            store(picture("png"), library)
        store(picture("png"), library)

    def test_a_pdf_that_would_run_something_is_told(self, library) -> None:
        assert "打印为 PDF" in told(PDF.replace(b"<<>>", b"<</S/JavaScript/JS(x)>>"), library)

    def test_a_file_too_large_is_told_with_the_limit(self, library) -> None:
        assert "最大 2 MB" in told(PDF + b" " * 2 * 1024 * 1024, library, max_bytes=2 * 1024 * 1024)

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_a_damaged_image_is_drawn_or_told(self, library, data) -> None:
        whole = bytearray(picture(data.draw(st.sampled_from(["jpg", "png"]))))
        for place in data.draw(st.lists(st.integers(8, len(whole) - 1), max_size=6)):
            whole[place] = data.draw(st.integers(0, 255))
        cut = data.draw(st.integers(8, len(whole)))
        try:
            kind, drawn = _file_types.checked(bytes(whole[:cut]), ["jpg", "png"])
        except Invalid:
            return
        assert Image.open(BytesIO(drawn)).format == _file_types.FORMATS[kind]


class TestTitles:
    @pytest.mark.parametrize(
        ("title", "kept"),
        [
            ("张三身份证.jpg", "张三身份证.pdf"),
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\用户\\王芳\\证书.PDF", "证书.pdf"),
            ("证书.pdf.exe", "证书.pdf.exe.pdf"),
            ("年审\u202efdp.exe", "年审fdp.exe.pdf"),
            ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie x.pdf"),
            ("", "附件.pdf"),
            ("...", "附件.pdf"),
            ("长" * 300, "长" * 100 + ".pdf"),
        ],
    )
    def test_a_title_is_harmless_and_keeps_its_chinese(self, title: str, kept: str) -> None:
        assert files.clean_title(title, "pdf") == kept

    @given(st.text(max_size=200))
    def test_any_title_is_one_line_without_folders(self, title: str) -> None:
        kept = files.clean_title(title, "png")
        assert kept.endswith(".png")
        assert kept.isprintable()
        assert not set(kept) & set("/\\\r\n\0")


class TestKeeping:
    def test_equal_content_lies_once_in_two_levels(self, library, app) -> None:
        one, two = store(PDF, library), store(PDF, library)
        assert one.name != two.name
        path = files.path_of(one)
        assert path == files.path_of(two)
        root = app.extensions["settings"].upload_folder
        assert path.relative_to(root) == Path(one.digest[:2], one.digest[2:4], one.digest)
        assert [file.name for file in path.parent.iterdir()] == [one.digest]

    def test_a_lost_file_is_told(self, library) -> None:
        kept = store(picture("png", size=(7, 9)), library)
        files.path_of(kept).unlink()
        with pytest.raises(NotFound, match="备份"):
            files.path_of(kept)

    def test_an_organisations_space_ends(self, library, monkeypatch) -> None:
        monkeypatch.setattr(files, "QUOTA_BYTES", 2 * len(PDF))
        store(PDF, library)
        store(PDF, library)
        with pytest.raises(Refused, match="空间已用完"):
            store(PDF, library)
        store(PDF, operator("万州区博物馆", "museum"))

    def test_nobody_signed_in_uploads_nothing(self) -> None:
        with pytest.raises(Refused):
            store(PDF, SYSTEM)

    def test_what_a_killed_process_left_is_cleared_away(self, library) -> None:
        draft = files.path_of(store(PDF, library)).parent / ".draft-x"
        draft.write_bytes(b"half a file")
        files.clean_up(datetime.now(UTC) + timedelta(hours=25), atomic)
        assert not draft.exists()

    def test_the_clean_up_takes_old_files_without_a_row_alone(self, library) -> None:
        soon, later = (datetime.now(UTC) + timedelta(hours=hours) for hours in (1, 25))
        files.clean_up(later, atomic)  # what other tests left
        used, discarded = store(PDF, library), store(PDF + b"\n", library)
        paths = [files.path_of(used), files.path_of(discarded)]
        with atomic():
            files.discard(discarded.name, library)
        assert files.clean_up(soon, atomic) == 0
        assert files.clean_up(later, atomic) == 1
        assert [path.exists() for path in paths] == [True, False]

    def test_what_is_kept_for_a_day_anew_has_its_day_anew(self) -> None:
        before, soon = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-23, 2))
        path = files.path_for_a_day(files.keep_for_a_day(b"the same table"))
        os.utime(path, (before.timestamp(), before.timestamp()))
        files.keep_for_a_day(b"the same table")
        files.clean_up(soon, atomic)
        assert path.exists()

    def test_the_clean_up_is_made_once_a_day_by_one_node(self, library) -> None:
        now = datetime.now(UTC) + timedelta(days=3)
        made = [files.clean_up_daily(now + timedelta(hours=hours), atomic) for hours in (0, 1, 23, 24, 30)]
        assert [count is not None for count in made] == [True, False, False, True, False]


class TestUse:
    @pytest.fixture
    def world(self) -> Built:
        publish_tiny()
        return make_world()

    def test_uploads_become_part_of_a_case(self, world) -> None:
        library, case = world.actors[LIBRARY], open_filing(world)
        names = [store(PDF, library).name, store(picture("png"), library).name]
        for _ in range(2):  # after a return the same files are handed in again
            with atomic():
                files.attach(names, case, library)
        assert db.session.scalars(db.select(Attachment.case_id)).all() == [case, case]
        with pytest.raises(NotFound), atomic():
            files.discard(names[0], library)

    def test_files_of_others_and_of_other_cases_are_refused_alike(self, world) -> None:
        library, case, other = world.actors[LIBRARY], open_filing(world), open_filing(world, "李二")
        used = store(PDF, library).name
        with atomic():
            files.attach([used], other, library)
        sentences = set()
        for name in (store(PDF, world.actors[OTHER_UNIT]).name, used, "nothing"):
            with pytest.raises(Invalid) as refusal, atomic():
                files.attach([name], case, library)
            sentences.add(refusal.value.fields["file"][0])
        assert len(sentences) == 1

    def test_a_successor_uses_what_was_uploaded_before(self, world) -> None:
        library, into = world.actors[LIBRARY], world.actors[OTHER_UNIT]
        kept, case = store(PDF, library), open_filing(world)
        with atomic():
            organisations.merge(
                library.organisation_id, into.organisation_id, NOW, ground="批复", actor=SYSTEM
            )
        with atomic():
            files.attach([kept.name], case, into)
        assert db.session.get(Attachment, kept.id).case_id == case
