"""What may still come on a case's way, read from its diagram."""

from __future__ import annotations

from functools import cache

import pytest
from support.applying import applicant_files

from app.config import PROJECT
from app.content.scheme import Scheme
from app.content.sources import read_scheme_folder
from app.engine import Ahead, ahead


@cache
def scheme(name: str) -> Scheme:
    files = applicant_files() if name == "tiny" else read_scheme_folder(PROJECT, name)
    return Scheme.from_files(files)


def names(found: list[Ahead] | tuple[Ahead, ...], steps: int | None = None) -> set[str]:
    return {one.element.name for one in found if steps in (None, one.steps)}


def test_the_next_step_is_one_away_and_the_one_after_two() -> None:
    found = ahead(scheme("tiny").definitions, "filing", ["fill"])
    assert names(found, 1) == {"初审"}
    assert "终审" in names(found, 2)


def test_the_way_back_is_no_way_ahead() -> None:
    """The office may return the form; that is not what comes next."""
    assert "填写申报表" not in names(ahead(scheme("tiny").definitions, "filing", ["first_review"]))


def test_nothing_comes_after_the_last_decision() -> None:
    assert names(ahead(scheme("tiny").definitions, "filing", ["final_review"])) == set()


def test_from_the_start_it_is_what_the_case_begins_with() -> None:
    found = ahead(scheme("tiny").definitions, "filing", ["cleared"])
    assert next((one.element.id, one.steps, one.dates) for one in found) == ("fill", 1, ("filing_closes",))


def test_calls_and_sub_processes_are_gone_into_and_out_of() -> None:
    found = ahead(scheme("henan-2025").definitions, "application", ["unit_review"])
    assert {"主管部门审核", "网上资格审查"} <= names(found)
    assert "修改申报" not in names(found)


def test_what_follows_when_a_term_is_over_counts() -> None:
    """The score's inquiry ends by its term alone, and the recognition comes after it."""
    assert "认定" in names(ahead(scheme("chongqing-2021").definitions, "application", ["inquire"]))


@pytest.mark.parametrize(
    "name", ["chongqing-2021", "henan-2025", "nanyang-2021", "jiaozuo-2026", "jiangdu-2020"]
)
def test_from_every_task_of_every_scheme_it_comes_to_an_end(name: str) -> None:
    """It never runs in circles, and names nothing that the case stands at."""
    definitions = scheme(name).definitions
    for process in scheme(name).processes:
        reached = {process}
        pending = [process]
        while pending:
            for called in definitions.processes[pending.pop()].called - reached:
                reached.add(called)
                pending.append(called)
        for one in reached:
            for element in definitions.processes[one].elements.values():
                if element.kind == "userTask":
                    found = ahead(definitions, process, [element.id])
                    assert element.id not in {place.element.id for place in found}
