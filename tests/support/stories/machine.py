"""Stories of files, the record outside, schemes and clocks."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

from app import clock
from app.config import PROJECT
from app.content.scenarios import read_scenarios
from app.extensions import atomic
from app.operations import deployments, leftovers
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.dates import rehearsal, workdays
from app.operations.evidence import proof
from app.operations.long_work import exports
from app.operations.offices import regions
from app.operations.trials import scenarios, worlds
from app.operations.uploads import files
from support.stories import Act, Stage, story
from support.stories.stage import CLOSES, FILED, GROUND, LATER, closing, unused_files
from support.waits import WAITS
from support.world import LIBRARY, OFFICE, PDF, PUBLISHED, SCHEME, open_filing, tiny_files, upload


@story("files.store")
def a_file_is_stored(stage: Stage) -> Act:
    return lambda: files.store(BytesIO(PDF + b"%1"), "证书.pdf", actor=stage.actors[LIBRARY], now=FILED)


@story("files.discard")
def a_file_is_taken_back(stage: Stage) -> Act:
    name = upload(stage.actors[LIBRARY])
    return lambda: files.discard(name, stage.actors[LIBRARY])


@story("files.clean_up", parts=True, changes=False)
def unused_files_go(stage: Stage) -> Act:
    upload(stage.actors[LIBRARY])
    unused_files(stage)
    return lambda: files.clean_up(clock.now() + timedelta(days=2), atomic)


@story("deployments.publish", again=True)
def a_scheme_is_published(stage: Stage) -> Act:
    changed = {**tiny_files(), f"bpmn/{SCHEME}/notes.yaml": b"{}"}
    return lambda: deployments.publish(changed, SYSTEM, CLOSES)


@story("scenarios.run_scheme", "scenarios.run_scenario", "made_up.filled_in", parts=True, changes=False)
def scenarios_run(stage: Stage) -> Act:
    return lambda: scenarios.run_scenario(tiny_files(), "two_levels.yaml")


@story("clock.mark_database", again=True)
def a_database_is_marked(stage: Stage) -> Act:
    stage.world.tables.empty()
    return lambda: clocks.mark_database(True, PUBLISHED)


@story("clock.open_clock", again=True)
def a_clock_is_opened(stage: Stage) -> Act:
    now = clock.now()
    return lambda: clocks.open_clock(WAITS, FILED, SYSTEM, now)


@story("clock.set_clock")
def a_clock_is_moved(stage: Stage) -> Act:
    now = clock.now()
    return lambda: clocks.set_clock(SCHEME, LATER, SYSTEM, now)


@story("rehearsal.let_pass", parts=True)
def time_passes(stage: Stage) -> Act:
    closing(stage)
    now = clock.now()
    with atomic():
        clocks.set_clock(SCHEME, LATER, SYSTEM, now)
    return lambda: rehearsal.let_pass(SCHEME, now, atomic)


@story("regions.load", "regions.load_file", again=True)
def regions_are_loaded(stage: Stage) -> Act:
    stage.world.tables.empty()
    return lambda: regions.load_file(PROJECT / "bpmn" / "common" / "regions.yaml")


@story("workdays.set_days", "workdays.set_year")
def a_year_is_published(stage: Stage) -> Act:
    off = {date(2027, 1, 1)}
    return lambda: workdays.set_year(2027, off, set(), ground=GROUND, actor=SYSTEM, now=FILED)


@story("worlds.build")
def a_world_is_built(stage: Stage) -> Act:
    stage.world.tables.empty()
    world = read_scenarios(tiny_files()).worlds["organisations.yaml"]
    return lambda: worlds.build(world)


@story("worlds.applicant")
def somebody_of_a_world_acts_for_themselves(stage: Stage) -> Act:
    person_id = min(stage.built.people.values())
    return lambda: worlds.applicant(person_id)


# A line that was written before the kill stays: nothing is taken out of the record outside.
@story("proof.begin", differs=frozenset({"proof_root"}))
def the_record_is_begun_anew(stage: Stage) -> Act:
    open_filing(stage.built)
    with atomic():
        proof.record(clock.now())
    return lambda: proof.begin("恢复备份", clock.now())


@story("exports.log")
def a_list_is_taken_out(stage: Stage) -> Act:
    return lambda: exports.log("cases", {"phase": "review"}, 3, actor=stage.actors[OFFICE], now=FILED)


@story("leftovers.clear_away_daily", parts=True)
def what_is_over_is_cleared_away(stage: Stage) -> Act:
    stage.caller(LIBRARY)
    later = clock.now() + timedelta(days=60)
    return lambda: leftovers.clear_away_daily(later, atomic)
