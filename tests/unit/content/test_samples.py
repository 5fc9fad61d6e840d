"""Made-up values are what their forms take, and a dry run begins as the scenarios do."""

from datetime import UTC, date, datetime

import pytest

from app.config import PROJECT
from app.content import Scheme, read_scenarios, read_scheme_folder, scheme_folders
from app.content.dry_runs import DryRunScript, setting_for
from app.content.samples import sample_values, sample_variables
from app.engine.dry_run import Setting
from app.errors import NotFound
from tests.unit.content.tiny import tiny

DAY = date(2021, 6, 20)
PLAIN = DryRunScript()
NOW = datetime(2021, 1, 1, tzinfo=UTC)
SCHEMES = {name: read_scheme_folder(PROJECT, name) for name in scheme_folders(PROJECT)}


@pytest.mark.parametrize("files", [tiny(), *SCHEMES.values()], ids=["tiny", *SCHEMES])
def test_samples_are_of_the_types_that_their_forms_take(files: dict[str, bytes]) -> None:
    for form in Scheme.from_files(files).forms.values():
        errors = form.schema.validate(sample_values(form, DAY))
        assert "应当是" not in str(errors), (form.file, errors)


def test_every_output_of_a_task_gets_a_value() -> None:
    scheme = Scheme.from_files(tiny())
    process = scheme.definitions.processes["filing"]
    tasks = {element.id for element in process.elements.values() if element.form}
    assert sample_variables(scheme, DAY)["filing"].keys() == tasks


def begin(process: str, script: DryRunScript = PLAIN, *, scenarios: bool = True) -> Setting:
    files = tiny()
    known = read_scenarios(files if scenarios else {})
    return setting_for(Scheme.from_files(files), known, process, script, NOW)


def test_it_begins_as_the_first_scenario_does() -> None:
    setting = begin("filing")
    assert (setting.message, setting.now) == ("cleared", datetime(2021, 6, 10, 1, tzinfo=UTC))
    unit, person = setting.variables["unit"], setting.variables["person"]
    assert (unit["name"], unit["level"], unit["has_superior"], unit["superior_name"]) == (
        "某馆", "district", True, "某局",
    )  # fmt: skip
    assert (person["name"], person["born"]) == ("甲", date(1980, 5, 1))
    assert setting.variables["listed_as"] == 1
    assert setting.parameters == {"period": 5}


def test_what_the_script_says_goes_before() -> None:
    script = DryRunScript(at=NOW, unit="某局", person="乙", payload={"listed_as": 2}, answers={"x": "no"})
    setting = begin("filing", script)
    assert (setting.now, setting.answers) == (NOW, {"x": "no"})
    assert setting.variables["unit"]["name"] == "某局"
    assert setting.variables["person"]["gender"] == "female"
    assert setting.variables["listed_as"] == 2


def test_without_a_scenario_it_begins_by_hand_at_the_opening() -> None:
    setting = begin("listing", scenarios=False)
    assert (setting.message, setting.now) == (None, Scheme.from_files(tiny()).opens_at)
    assert "person" not in setting.variables
    assert begin("filing", scenarios=False).message == "cleared"


@pytest.mark.parametrize("script", [DryRunScript(unit="无名"), DryRunScript(person="无名")])
def test_who_is_in_no_world_is_told(script: DryRunScript) -> None:
    with pytest.raises(NotFound, match="无名"):
        begin("filing", script)
