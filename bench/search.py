"""A thousand, a hundred thousand, a million people, each with a case: what a search takes, by who looks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import select, text

from app import clock
from app.content.identity import make_citizen_id
from app.content.searching import read_typed
from app.extensions import db
from app.models import Organisation, Region
from app.operations.finding._id_numbers import seal
from app.operations.finding._names import name_key, person_key
from app.operations.finding._search_keys import organisation_keys, person_keys
from app.queries import search
from app.queries.visibility import Sight, sight_of
from bench.ground import BUREAU, OFFICE, OPENED, UNIT, Ground, backends, ground, open_application, vacuum
from bench.measure import p50, table

SIZES = (1_000, 100_000, 1_000_000)
IN_A_UNIT = 30
TIMES = 9
NAMES = 60_000
"""So many different names: of a million people sixteen share each, and far more the commonest ones."""
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛"
    "叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔"
    "贺赖龚文单解查翟仇"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志春晓燕红梅小琴文波斌宇浩凯健俊帆雪荣爱"
    "辉力永新立云鹏鑫晨倩婷莉颖琳佳慧洁宁"
)
TRADES = [
    *("汽车驾驶员", "汽车维修工", "中式烹调师", "维修电工", "管道工"),
    *("计算机操作员", "图书资料业务员", "护理员", "保育员", "绿化工"),
]
SOUGHT = {
    "a whole name, zhangwei": "zhangwei",
    "initials, zw": "zw",
    "one sign, 张": "张",
    "inside many names, wei": "wei",
    "nobody's name": "qqqq",
    "the last four of a number": "0018",
    "a whole number": make_citizen_id("500101", date(1980, 1, 1), 1, "male"),
    "a unit's name": "第十二中学",
    "a trade, 管道工": "管道工",
    "name and trade, 张 管道工": "张 管道工",
}
PERSON = (
    "person (id, unit_id, name, name_key, gender, birth_date, id_number_cipher, id_number_key_id,"
    " id_number_index, id_number_head, id_number_tail, created_at)"
)
TAKEN_AWAY = """
    drop index ix_person_key_unit;
    drop index ix_person_key_region;
    alter table person_key drop constraint pk_person_key;
    alter table person_key drop constraint if exists fk_person_key_unit_id_organisation;
    alter table person_key drop constraint if exists fk_person_key_person_id_person
"""
PUT_BACK = """
    alter table person_key add constraint pk_person_key primary key (person_id, unit_id, inside, key);
    create index ix_person_key_unit on person_key (unit_id, inside, key, person_id);
    create index ix_person_key_region on person_key (region, inside, key, person_id);
    select setval(pg_get_serial_sequence('person', 'id'), max(id)) from person
"""
CASES = """
    insert into "case" (jurisdiction, scheme_id, deployment_id, process, unit_id, person_id, state, status,
                        listed, engine_state, engine, seq, head, started_at, updated_at)
    select c.jurisdiction, c.scheme_id, c.deployment_id, c.process, p.unit_id, p.id, 'running', c.status,
           jsonb_build_object('trade', (cast(:trades as text[]))[1 + p.id % 10]), '', c.engine, 1, '',
           c.started_at, c.updated_at
    from "case" c, person p where c.id = :pattern and p.id >= :first
"""
TASKS = """
    insert into task (case_id, scheme_id, token, process, element, name, role, office_id, bulk, state,
                      opened_at)
    select c.id, c.scheme_id, 1, c.process, 'x', 'x', 'x', o.id, false, 'open', c.started_at
    from "case" c join organisation u on u.id = c.unit_id
    join organisation o on o.id = :office and o.region = u.region
    where c.id > :pattern and not exists (select from task t where t.case_id = c.id)
"""


def main() -> None:
    with ground() as base:
        print(results(base))


def results(base: Ground, sizes: Sequence[int] = SIZES) -> str:
    """A row each viewer and typed text: the server's milliseconds for people and cases at each size."""
    pattern, made = open_application(base), 0
    taken: dict[tuple[str, str], list[float]] = {}
    for size in sizes:
        populate(base, pattern, made, size)
        made = size
        for viewer, sight in viewers(base).items():
            for title, typed in SOUGHT.items():
                asked = search.Asked(read_typed(typed), sight, clock.now())
                taken.setdefault((viewer, title), []).append(spent(asked))
    rows = [
        (*who, *(f"{ms:.1f}" for ms in times), f"{times[-1] / times[max(-2, -len(times))]:.1f}×")
        for who, times in taken.items()
    ]
    head = ("who looks", "for", *(f"{size:,}" for size in sizes), "the last : the one before")
    return table(head, rows) + f"\n{sizes_of_tables()}\n"


def spent(asked: search.Asked) -> float:
    """CPU of the server for the first page of both groups."""

    def work() -> None:
        db.session.expunge_all()
        search.people(asked)
        search.cases(asked)

    return p50(work, backends(), TIMES)[1].server


def viewers(base: Ground) -> dict[str, Sight]:
    found = {name: sight(base, name) for name in (UNIT, BUREAU, OFFICE)}
    return {"a unit": found[UNIT], "a district's office": found[BUREAU], "the city's office": found[OFFICE]}


def sight(base: Ground, name: str) -> Sight:
    organisation = db.session.get(Organisation, base.world.organisations[name])
    return sight_of(base.actor(name), organisation, clock.now())


def populate(base: Ground, pattern: int, made: int, size: int) -> None:
    """Units of thirty people over all districts, each person with a trade and a case that an office has."""
    run(TAKEN_AWAY)
    units = list(new_units(base, made // IN_A_UNIT, max(1, size // IN_A_UNIT)))
    first = db.session.execute(text("select coalesce(max(id), 0) + 1 from person")).scalar_one()
    drawn = (made, first, size - made, units)
    copy(PERSON, (row for row, _ in people(*drawn)))
    keys = (key for _, of_one in people(*drawn) for key in of_one)
    copy("person_key (person_id, unit_id, region, inside, key)", keys)
    db.session.execute(text(CASES), {"pattern": pattern, "first": first, "trades": TRADES})
    db.session.execute(text(TASKS), {"office": base.world.organisations[BUREAU], "pattern": pattern})
    run(PUT_BACK)
    db.session.commit()
    vacuum()


def run(statements: str) -> None:
    for statement in statements.split(";"):
        db.session.execute(text(statement))


def new_units(base: Ground, known: int, wanted: int) -> Iterator[tuple[int, str]]:
    regions = db.session.scalars(
        select(Region.code).where(Region.code.like("500%"), Region.code != "500000").order_by(Region.code)
    ).all()
    rows, keys = [], []
    first = db.session.execute(text("select max(id) + 1 from organisation")).scalar_one()
    for number in range(known, wanted):
        unit_id, region = first + number - known, regions[number % len(regions)]
        name = f"第{chinese(number)}{('中学', '小学', '医院', '图书馆')[number % 4]}"
        rows.append((unit_id, "unit", name, name_key(name), region, "district", True, OPENED))
        keys += [(unit_id, region, inside, key) for inside, key in organisation_keys([name])]
        yield unit_id, region
    copy("organisation (id, kind, name, name_key, region, level, profile_complete, created_at)", rows)
    copy("organisation_key (organisation_id, region, inside, key)", keys)
    db.session.execute(
        text("select setval(pg_get_serial_sequence('organisation', 'id'), max(id)) from organisation")
    )


def chinese(number: int) -> str:
    digits = "〇一二三四五六七八九"
    return {12: "十二"}.get(number, "".join(digits[int(sign)] for sign in str(number)))


def people(
    seed: int, first: int, count: int, units: Sequence[tuple[int, str]]
) -> Iterator[tuple[tuple[Any, ...], Iterator[tuple[Any, ...]]]]:
    """Each one's row and keys; the same people for the same seed."""
    draw, born = random.Random(seed), date(1980, 1, 1)
    names = [
        draw.choice(SURNAMES) + "".join(draw.choices(GIVEN, k=draw.choice([1, 2, 2]))) for _ in range(NAMES)
    ]
    sealed = seal(make_citizen_id("500101", born, 1, "male"))
    for person_id in range(first, first + count):
        unit_id, region = units[(person_id - first) // IN_A_UNIT % len(units)]
        name, tail = draw.choice(names), f"{person_id * 7 % 10_000:04d}"
        number = (person_id.to_bytes(32), region, tail)
        row = (
            person_id,
            unit_id,
            name,
            sort_key(name),
            "male",
            born,
            sealed.cipher,
            sealed.key_id,
            *number,
            OPENED,
        )
        of_number = person_keys("", *number, [TRADES[person_id % 10]])
        keys = [*name_keys(name), *of_number]
        yield row, ((person_id, unit_id, region, inside, key) for inside, key in keys)


@lru_cache(maxsize=NAMES)
def sort_key(name: str) -> str:
    return person_key(name)


@lru_cache(maxsize=NAMES)
def name_keys(name: str) -> frozenset[tuple[bool, str]]:
    return person_keys(name, b"", "", "", ()) - person_keys("", b"", "", "", ())


def copy(columns: str, rows: Any) -> None:
    connection = db.session.connection().connection
    with connection.cursor() as cursor, cursor.copy(f"copy {columns} from stdin") as into:
        for row in rows:
            into.write_row(row)


def sizes_of_tables() -> str:
    asked = text(
        "select relname, pg_size_pretty(pg_total_relation_size(oid)) from pg_class"
        " where relname in ('person', 'person_key', 'organisation_key', 'case_key') order by 1"
    )
    return ", ".join(f"{name} {size}" for name, size in db.session.execute(asked))


if __name__ == "__main__":
    main()
