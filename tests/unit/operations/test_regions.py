"""The seed of the region table (GB/T 2260) and the order of divisions."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.config import PROJECT
from app.operations.offices.regions import parent_of, with_parents


@pytest.fixture(scope="module")
def regions() -> dict[str, str]:
    text = (PROJECT / "bpmn" / "common" / "regions.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["regions"]


def counties(regions: dict[str, str], prefix: str) -> set[str]:
    return {code for code in regions if code.startswith(prefix) and not code.endswith("00")}


def test_every_division_lies_in_one_of_the_file(regions) -> None:
    assert [code for code in regions if parent_of(code) not in {None, *regions}] == []


def test_all_provinces_are_there(regions) -> None:
    assert sum(code.endswith("0000") for code in regions) == 34


@pytest.mark.parametrize(
    ("prefix", "number"),
    [
        ("5001", 27),  # 26 districts until 2025, and the new area that took the place of two
        ("5002", 12),  # 8 counties and 4 autonomous ones
        ("4108", 10),  # 4 districts, 4 counties, 2 cities
        ("4113", 13),  # 2 districts, 10 counties, 1 city
        ("3210", 6),
        ("4190", 1),  # 济源
    ],
)
def test_no_division_of_the_schemes_areas_is_missing(regions, prefix: str, number: int) -> None:
    assert len(counties(regions, prefix)) == number


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("500101", "万州区"),
        ("500151", "铜梁区"),
        ("500240", "石柱土家族自治县"),
        ("410800", "焦作市"),
        ("411381", "邓州市"),
        ("321012", "江都区"),
        ("419001", "济源市"),
    ],
)
def test_codes_are_the_standards(regions, code: str, name: str) -> None:
    assert regions[code] == name


def test_no_name_stands_twice_in_a_city(regions) -> None:
    names = Counter((parent_of(code), name) for code, name in regions.items())
    assert [pair for pair, number in names.items() if number > 1] == []


def test_the_nearest_division_comes_first() -> None:
    assert with_parents("500101") == ["500101", "500100", "500000"]
    assert with_parents("411300") == ["411300", "410000"]
    assert with_parents("500000") == ["500000"]


@given(st.integers(100000, 999999).map(str))
def test_every_way_up_ends_in_a_province(code: str) -> None:
    way = with_parents(code)
    assert way[-1] == code[:2] + "0000"
    assert len(way) == len(set(way)) <= 3
