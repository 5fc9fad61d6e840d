"""How lists and pages put a variable into words."""

from __future__ import annotations

import pytest
from flask import Flask

from app.config import PROJECT
from app.content import Scheme, read_scheme_folder
from app.web.schemes import field_labels, listed_text

SCHEME = Scheme.from_files(read_scheme_folder(PROJECT, "henan-2025"))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("appraisal", "pending", "尚未备案，实行承诺制、容缺后补"),
        ("appraisal", None, ""),
        ("grade", "one", "一级"),
        ("refund_due", True, "是"),
        ("paid_on", "2025-04-10", "2025年4月10日"),
        ("score", 88, "88"),
        ("nobody_knows_it", "pending", "pending"),
    ],
)
def test_what_was_chosen_is_told_by_its_title(app: Flask, name: str, value: object, words: str) -> None:
    with app.test_request_context():
        assert listed_text(SCHEME, value, name) == words


def test_a_variable_goes_by_the_field_that_a_case_meets_first() -> None:
    labels = field_labels(Scheme.from_files(read_scheme_folder(PROJECT, "chongqing-2021")))
    assert [labels[name] for name in ("theory", "entered_at")] == ["理论成绩", "报名时间"]


@pytest.mark.parametrize("scheme", ["chongqing-2021", "jiaozuo-2026", "henan-2025"])
def test_whatever_a_list_shows_has_a_name_for_people(scheme: str) -> None:
    found = Scheme.from_files(read_scheme_folder(PROJECT, scheme))
    listed = {name for process in found.processes.values() for name in process.listed}
    assert listed - field_labels(found).keys() == set()


def test_listed_variables_have_names_that_tell_them_apart() -> None:
    labels = field_labels(SCHEME)
    listed = SCHEME.processes["application"].listed
    assert len({labels[name] for name in listed}) == len(listed)
