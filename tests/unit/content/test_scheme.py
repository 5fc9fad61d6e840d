"""A scheme as one object, the files that make it up, and where its clauses live."""

import os
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content import (
    Role,
    Scheme,
    check_holders,
    check_scheme,
    clause_matrix,
    read_scenarios,
    read_scheme_folder,
    scheme_folders,
    scheme_hash,
)
from app.content.identity import birth_date, clean_credit_code, gender
from app.content.mapping import output_mapping, read_mapping
from app.errors import NotFound, SchemeInvalid
from tests.unit.content.tiny import BPMN, CAPABILITIES, FORMS, ROOT, changed, tiny


def test_what_the_sheet_says_is_at_hand() -> None:
    scheme = Scheme.from_files(tiny())
    assert (scheme.id, scheme.jurisdiction, scheme.year) == ("tiny-2021", "500000", 2021)
    assert scheme.parameter_values == {"period": 5}
    assert (scheme.grade_rank("junior"), scheme.grade_title("junior")) == (2, "初级工")
    assert scheme.role_named("office") is scheme.role_named("市工考办")
    assert scheme.processes["filing"].listed == ["grade"]
    assert scheme.records["paper"].form == "paper.json"
    assert scheme.mask["id_number"].apply("220106198001010062") == "220106****0062"
    assert set(scheme.definitions.processes) == {"listing", "filing", "shared_review"}


def test_what_a_scheme_does_not_have_is_told_by_name() -> None:
    scheme = Scheme.from_files(tiny())
    for ask in (scheme.form, scheme.role_named, scheme.grade):
        with pytest.raises(NotFound, match="无此名"):
            ask("无此名")


def test_only_called_parts_of_common_are_pinned() -> None:
    common = {path for path in tiny() if "/common/" in path}
    assert common == {"bpmn/common/review.bpmn", "forms/common/review.json"}


def test_schemes_on_disk() -> None:
    assert scheme_folders(ROOT) == ["tiny-2021"]


@pytest.mark.parametrize("name", ["none-2021", "../tiny-2021", "", "Tiny-2021", "tiny-2021/"])
def test_what_is_no_scheme_on_disk_is_refused(name: str) -> None:
    with pytest.raises(SchemeInvalid):
        read_scheme_folder(ROOT, name)


def test_editors_leavings_are_no_part_of_a_scheme(tmp_path: Path) -> None:
    for path, content in tiny().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / BPMN / ".listing.bpmn.swp").write_bytes(b"x")
    assert read_scheme_folder(tmp_path, "tiny-2021") == tiny()


def test_a_giant_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bpmn/big-2021").mkdir(parents=True)
    (tmp_path / "bpmn/big-2021/scheme.yaml").write_bytes(b"#" * (2 * 1024 * 1024 + 1))
    with pytest.raises(SchemeInvalid) as refusal:
        read_scheme_folder(tmp_path, "big-2021")
    assert "太大" in refusal.value.problems[0].message


contents = st.dictionaries(st.text(max_size=5), st.binary(max_size=5), max_size=4)


@given(contents, contents)
def test_a_hash_names_one_content(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    backwards = dict(reversed(one.items()))
    assert scheme_hash(one) == scheme_hash(backwards)
    assert (scheme_hash(one) == scheme_hash(other)) == (one == other)


def test_a_hash_tells_where_a_name_ends_and_the_content_begins() -> None:
    assert scheme_hash({"a": b"bc"}) != scheme_hash({"ab": b"c"})


def test_without_a_sheet_there_is_nothing_to_read() -> None:
    for files in ({}, {"bpmn/x/roles.yaml": b""}, tiny() | {"bpmn/x/scheme.yaml": b"id: x"}):
        with pytest.raises(SchemeInvalid) as refusal:
            Scheme.from_files(files)
        assert "scheme.yaml" in refusal.value.problems[0].message


@given(st.sampled_from(sorted(tiny())), st.binary(max_size=30), st.integers(0, 4000), st.integers(0, 60))
def test_whatever_a_file_holds_the_check_tells_and_never_breaks(
    path: str, noise: bytes, at: int, length: int
) -> None:
    content = tiny()[path]
    at %= len(content)
    problems = check_scheme({**tiny(), path: content[:at] + noise + content[at + length :]}, CAPABILITIES)
    assert all(problem.message and problem.file for problem in problems)


def test_the_matrix_tells_every_home_of_a_clause() -> None:
    files = tiny()
    scheme = Scheme.from_files(files)
    matrix = clause_matrix(scheme, read_scenarios(files).scenarios)
    homes = {clause: {(home.kind, home.element) for home in found} for clause, found in matrix.items()}
    assert homes == {
        "TY-01": {("element", "fill_in"), ("date", "filing_opens"), ("date", "filing_closes")},
        "TY-02": {("parameter", "period")},
        "TY-03": {("flow", "f9"), ("role", "office"), ("field", "grade"), ("scenario", "passes.yaml")},
        "TY-04": {("row", "route")},
        "TY-05": {("mask", "id_number")},
        "TY-06": {("house", "TY-06")},
    }
    (row,) = matrix["TY-04"]
    assert (row.row, row.file) == (1, f"{BPMN}route.dmn")
    assert {home.file for found in matrix.values() for home in found} <= files.keys()


def test_a_clause_without_a_home_stands_in_the_matrix_empty() -> None:
    files = changed(f"{BPMN}scheme.yaml", "clauses: [TY-02]", "clauses: []")
    assert clause_matrix(Scheme.from_files(files), {})["TY-02"] == []


OFFICE = Role("市工考办", "jurisdiction", "office", function="review", region="unit")
SPARE = Role("专家组", "jurisdiction", "panel", function="panel", region="unit", optional=True)
UNIT = Role("申报单位", "relation", "unit")


@pytest.mark.parametrize(
    ("holders", "told"),
    [
        ({"office": 1, "panel": 1}, []),
        ({"office": 0, "panel": 1}, [("office", "没有机构行使")]),
        ({"office": 1, "panel": 0}, []),
        ({"office": 2, "panel": 2}, [("office", "有 2 个机构"), ("panel", "有 2 个机构")]),
    ],
)
def test_holes_and_ties_of_jurisdiction(holders: dict[str, int], told: list[tuple[str, str]]) -> None:
    roles = [OFFICE, SPARE, UNIT]
    problems = check_holders(roles, [("500101", "万州区")], lambda role, area: holders[role.id])
    assert [problem.element for problem in problems] == [element for element, _ in told]
    assert all(
        says in p.message and "万州区" in p.message for p, (_, says) in zip(problems, told, strict=True)
    )


def test_outputs_map_fields_to_variables_and_an_empty_field_to_nothing() -> None:
    assert read_mapping("a; b = c\n d ；e=f;") == [("a", "a"), ("b", "c"), ("d", "d"), ("e", "f")]
    assert output_mapping("a; b=c; d", {"a": 1, "c": 2, "x": 3}) == {"a": 1, "b": 2, "d": None}


def test_scenarios_are_read_with_their_world() -> None:
    found = read_scenarios(tiny())
    scenario = found.scenarios["passes.yaml"]
    world = found.world_of(scenario)
    assert found.problems == ()
    (case,) = scenario.cases.values()
    assert (case.process, case.person, case.at) == ("filing", "甲", datetime(2021, 6, 10, 1, tzinfo=UTC))
    first, refused, last = scenario.steps
    assert first.values == {"grade": "senior", "years": 21, "pledge": True}
    assert first.expect.asked == {"status", "tasks"}
    assert refused.refused == "请填写"
    assert (last.expect.outcome, last.expect.tasks) == ("passed", {})
    assert world.actors() >= {"某馆", "王审核", "甲"}
    assert world.posts["某馆"]["senior"].vacant == 1


def test_made_up_people_have_numbers_that_agree_with_what_is_told_of_them() -> None:
    found = read_scenarios(tiny())
    world = found.worlds["organisations.yaml"]
    numbers = {name: person.id_number for name, person in world.people.items()}
    assert {name: gender(number) for name, number in numbers.items()} == {"甲": "male", "乙": "female"}
    assert {birth_date(number) for number in numbers.values()} == {date(1980, 5, 1)}
    codes = {world.credit_code(name) for name in world.organisations}
    assert len(codes) == len(world.organisations)
    assert all(clean_credit_code(code) == code for code in codes)


def test_a_scenario_of_several_cases_calls_them_by_name() -> None:
    case = "case: {process: filing,"
    files = changed(f"{BPMN}scenarios/passes.yaml", case, "cases:\n  一: {process: filing,")
    files[f"{BPMN}scenarios/passes.yaml"] = files[f"{BPMN}scenarios/passes.yaml"].replace(
        b"task: \xe6\x9c\xba", "case: 一, task: 机".encode()
    )
    found = read_scenarios(files)
    assert found.problems == ()
    assert list(found.scenarios["passes.yaml"].cases) == ["一"]
    wrong = {**files, f"{BPMN}scenarios/passes.yaml": files[f"{BPMN}scenarios/passes.yaml"].replace(
        "case: 一, ".encode(), "case: 二, ".encode())}  # fmt: skip
    assert "没有名为“二”的办件" in read_scenarios(wrong).problems[0].message


def test_forms_of_another_scheme_keep_their_folder() -> None:
    files = {**tiny(), "forms/other/x.json": tiny()[f"{FORMS}paper.json"]}
    assert "other/x.json" in Scheme.from_files(files).forms


def test_a_file_name_that_no_database_could_hold_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "bpmn" / "odd-1"
    folder.mkdir(parents=True)
    (folder / "scheme.yaml").write_text("id: odd-1")
    (tmp_path / "bpmn" / "odd-1" / os.fsdecode(b"\xff.bpmn")).write_bytes(b"")
    with pytest.raises(SchemeInvalid) as refusal:
        read_scheme_folder(tmp_path, "odd-1")
    assert refusal.value.problems[0].message == "文件名“bpmn/odd-1/?.bpmn”里有不能识别的字符，请改名"


def test_unclosed_tags_in_the_common_parts_do_not_hold_the_reading_up(tmp_path: Path) -> None:
    for folder in ("odd-1", "common"):
        (tmp_path / "bpmn" / folder).mkdir(parents=True)
    (tmp_path / "bpmn" / "odd-1" / "scheme.yaml").write_text("id: odd-1")
    (tmp_path / "bpmn" / "common" / "x.bpmn").write_bytes(b"<process " * 200_000)
    begun = time.process_time()
    read_scheme_folder(tmp_path, "odd-1")
    assert time.process_time() - begun < 2
