"""The check code on a case's page, and the page on which anybody checks one."""

from __future__ import annotations

import re
from html import unescape

import pytest
from support.pages import Browser, Stage
from support.world import open_filing

from app.operations.evidence import _check_codes

CODE = re.compile(r'href="(/proof/\?code=[^"]+)">([0-9]+-[0-9A-Z-]+)</a>')


@pytest.fixture
def link(stage: Stage, unit: Browser) -> tuple[str, str]:
    """The address behind a case's check code, and the code."""
    found = CODE.search(unit.get(f"/cases/{open_filing(stage.world)}").text)
    assert found is not None
    return unescape(found[1]), found[2]


def test_the_code_of_a_case_is_checked_by_whoever_has_it(stage: Stage, link: tuple[str, str]) -> None:
    address, code = link
    page = stage.browser().get(address)
    assert page.status_code == 200
    assert f"相符：办件 {code.split('-')[0]} 的第 1 条记录" in page.text
    assert "陈一" not in page.text


def test_a_wrong_code_is_told(stage: Stage, link: tuple[str, str]) -> None:
    _, code = link
    case_id, rest = code.split("-", 1)
    slip = stage.browser().get(f"/proof/?code={int(case_id) + 1}-{rest}")
    assert slip.status_code == 422
    assert "照原件逐字核对" in slip.text
    assert 'href="#code"' in slip.text


def test_a_code_that_was_made_up_is_unknown(stage: Stage, link: tuple[str, str]) -> None:
    case_id = int(link[1].split("-")[0])
    page = stage.browser().get("/proof/")
    assert page.status_code == 200
    page = stage.browser().get(f"/proof/?code={_check_codes.of_head(case_id, 1, bytes(32))}")
    assert (page.status_code, "没有与该校验码相符的记录" in page.text) == (200, True)
