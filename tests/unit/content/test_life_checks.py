"""What is said to the designer about certificates, releases, messages with a form and cases about cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.life import LIFE, life_files
from support.world import tiny_files

from app.content import check_scheme, read_scheme_folder
from app.content.messages import PAYMENT_RECEIVED, between_cases, saying_of
from app.content.scheme import Scheme
from app.operations.capabilities import declarations

SHEET = f"bpmn/{LIFE}/scheme.yaml"


def told(files: dict[str, bytes], severity: str = "error") -> list[str]:
    found = check_scheme(files, capabilities=declarations())
    return [problem.message for problem in found if problem.severity == severity]


def changed(path: str, before: str, after: str) -> dict[str, bytes]:
    files = life_files()
    text = files[path].decode()
    assert before in text
    return {**files, path: text.replace(before, after, 1).encode()}


def drawn(name: str) -> str:
    return f"bpmn/{LIFE}/{name}.bpmn"


def test_the_scheme_as_it_is_has_no_error() -> None:
    assert told(life_files()) == []


@pytest.mark.parametrize(
    ("path", "before", "after", "sentence"),
    [
        (SHEET, "{sequence:06d}", "{number}", "“{number}”"),
        (SHEET, "certificate_number:", "certificate_numbers:", "要用参数“certificate_number”"),
        (SHEET, "start: {role: bureau, about: case}", "start: {role: bureau}", "要写 about: case"),
        (SHEET, "start: {message: passed}", "start: {message: passed, about: case}", "由哪个角色发起"),
        (SHEET, "about: case}", "about: person}", "about"),
        (drawn("publication"), """'"list_published"'""", "'text(1)'", "直接写成带引号的文字"),
        (drawn("award"), 'value="lost.json"', 'value="never.json"', "表单 never.json 不存在"),
        (drawn("award"), 'value="reason"', 'value="reason; other"', "字段“other”不在表单 lost.json 里"),
        (drawn("award"), 'name="role" value="bureau"', 'name="role" value="nobody"', "角色“nobody”"),
        (
            drawn("correction"),
            'name="outputs" value="number"',
            'name="outputs" value="bars"',
            "“bars”是保留的",
        ),
        (drawn("review"), 'resultVariable="lifted"', 'resultVariable="linked"', "“linked”是保留的"),
        (
            f"forms/{LIFE}/number.json",
            '"type": "string"',
            '"type": "array", "items": {"type": "string", "format": "id_number"}, "x-rows": 1',
            "列表和表格里不能有证件号码",
        ),
    ],
)
def test_a_mistake_is_told(path: str, before: str, after: str, sentence: str) -> None:
    assert any(sentence in one for one in told(changed(path, before, after)))


@pytest.mark.parametrize(
    ("path", "before", "after", "sentence"),
    [
        (
            drawn("publication"),
            """'"list_published"'""",
            """'"list_publised"'""",
            "放行的消息“list_publised”没有任何流程等待",
        ),
        (drawn("sanction"), "text(linked.id)", "text(likned.id)", "“likned”"),
    ],
)
def test_a_likely_mistake_is_warned_of(path: str, before: str, after: str, sentence: str) -> None:
    assert any(sentence in one for one in told(changed(path, before, after), "warning"))


class TestWhatPeopleSay:
    scheme = Scheme.from_files(life_files())

    def test_what_is_sent_or_released_is_between_cases(self) -> None:
        assert between_cases(self.scheme) == {"voided", "moved", "list_published", PAYMENT_RECEIVED}

    def test_a_message_of_a_boundary_event_is_said_by_the_role_with_the_form_that_it_names(self) -> None:
        said = saying_of(self.scheme, "award", "lost", "lost")
        assert said is not None
        assert (said.title, said.role, said.form, said.outputs) == ("lost", "bureau", "lost.json", "reason")

    @pytest.mark.parametrize(
        ("element", "message"), [("voided", "voided"), ("list", "other"), ("no", "other")]
    )
    def test_no_other_is_said(self, element: str, message: str) -> None:
        assert saying_of(self.scheme, "award", element, message) is None


def test_what_the_sheet_lists_is_pinned_from_the_common_folder(tmp_path: Path) -> None:
    """As what is called is; what is neither stays out."""
    for path, content in tiny_files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    common = tmp_path / "bpmn" / "common"
    common.mkdir()
    for name in ("posts", "roster"):
        (tmp_path / f"bpmn/tiny-2021/{name}.bpmn").rename(common / f"{name}.bpmn")
    (common / "unused.bpmn").write_bytes(
        (common / "posts.bpmn").read_bytes().replace(b'"posts"', b'"unused"')
    )
    files = read_scheme_folder(tmp_path, "tiny-2021")
    assert {path for path in files if "common" in path} == {
        "bpmn/common/posts.bpmn",
        "bpmn/common/roster.bpmn",
    }
    assert Scheme.from_files(files).definitions.processes.keys() == {"posts", "roster", "filing"}
