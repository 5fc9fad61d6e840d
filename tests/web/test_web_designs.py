"""The pages of schemes: what is in force, and a dry run that tells its way or what stopped it."""

from __future__ import annotations

import pytest
from support.capability_kit import fingerprint
from support.pages import Browser, Stage
from support.world import LIBRARY, SCHEME

ADDRESS = f"/schemes/{SCHEME}/dry-runs/filing"


@pytest.fixture
def designer(stage: Stage) -> Browser:
    stage.give(LIBRARY, "designer")
    return stage.open(LIBRARY)


def test_a_process_is_chosen_and_walked(designer: Browser) -> None:
    assert 'href="/schemes/"' in designer.get("/password").text
    assert f'href="{ADDRESS}"' in designer.get("/schemes/").text
    assert "西溪区文化馆" in designer.get(ADDRESS).text
    before = fingerprint()
    page = designer.post(ADDRESS)
    assert page.status_code == 200
    for told in ("走过的路", "要求系统能力 reserve_place", "结束：审核已通过（passed）"):
        assert told in page.text
    assert fingerprint() == before


def test_the_fields_and_the_text_say_how(designer: Browser) -> None:
    designer.get(ADDRESS)
    script = "person: 李二\nmoves:\n  - {complete: 填写申报表, variables: {grade: senior}}\n  - pass: true\n"
    page = designer.post(ADDRESS, {"person": "赵四", "at": "2021-06-20T09:00", "script": script})
    assert "2021年6月20日 09:00" in page.text
    assert "没有走到结束。" in page.text


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"person": "无名氏"}, "场景的世界里没有申报人“无名氏”。"),
        ({"at": "0001-01-01T00:00"}, "请填写日期和时间。"),
        ({"script": "moves: [{}]"}, "每一步正好写 complete、receive、fire、pass 中的一个"),
        ({"script": "moves: &a [*a]"}, "引用"),
    ],
)
def test_what_is_wrong_is_told_beside_what_was_typed(
    designer: Browser, sent: dict[str, str], told: str
) -> None:
    designer.get(ADDRESS)
    page = designer.post(ADDRESS, sent)
    assert page.status_code == 422
    assert told in page.text


def test_there_is_no_run_of_what_is_not_there(designer: Browser) -> None:
    assert designer.get(f"/schemes/{SCHEME}/dry-runs/nothing").status_code == 404
    assert designer.get("/schemes/none-2021/dry-runs/filing").status_code == 404
