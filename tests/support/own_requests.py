"""People of the schemes on disk in the days when they file: their own filing, their account, the offices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.extensions import atomic, db
from app.models import Account, Case, Notice
from app.operations import cases, deployments
from app.operations.actors import SYSTEM, Actor
from support.applying import applicant
from support.clicking import Reader
from support.pages import Stage
from support.rehearsal import rehearse
from support.world import at, case_row

__all__ = ["HENAN", "PLACES", "Place", "Scene", "filed", "kind_of", "scene_of"]


@dataclass(frozen=True)
class Place:
    """One person of a scheme's world in the days when they file; `holder` keeps their account."""

    scheme: str
    today: str
    person: str
    other: str
    unit: str
    holder: str
    records: str
    sanctions: tuple[str, str]
    message: str
    payload: Mapping[str, Any]
    corrected: str
    closes: str


PLACES = {
    place.scheme: place
    for place in [
        Place(
            scheme="henan-2025",
            today="2025-03-20 09:00",
            person="耿兰英",
            other="卞大勇",
            unit="新郑市图书馆",
            holder="新郑市图书馆",
            records="新郑复核员",
            sanctions=("新郑市人社局", "新郑复核员"),
            message="person_put_forward",
            payload={"appointment_policy": "有空岗"},
            corrected="410199198504101420",
            closes="2025年3月31日",
        ),
        Place(
            scheme="jiangdu-2020",
            today="2020-08-05 09:00",
            person="闵讲解",
            other="闵电工",
            unit="江都区公共文化馆",
            holder="江都区文化事务局",
            records="江都区人社局",
            sanctions=("江都区人社局", "区局第二人"),
            message="person_picked",
            payload={"kind": "worker"},
            corrected="32109919850304080X",
            closes="2020年8月31日",
        ),
        Place(
            scheme="chongqing-2021",
            today="2021-06-20 09:00",
            person="谭小琴",
            other="向长河",
            unit="万州区图书馆",
            holder="万州区图书馆",
            records="市工考办",
            sanctions=("市工考办", "市工考办复核员"),
            message="person_cleared",
            payload={"trade": "图书资料业务员", "grade": "senior", "publicity_from": "2021-06-08"},
            corrected="500199198106210623",
            closes="2021年7月23日",
        ),
        Place(
            scheme="nanyang-2021",
            today="2021-04-27 09:00",
            person="楚小麦",
            other="楚大河",
            unit="邓州市灌区管理所",
            holder="邓州市灌区管理所",
            records="中心第三人",
            sanctions=("中心第二人", "中心第三人"),
            message="person_registered",
            payload={},
            corrected="411399198504090620",
            closes="2021年5月10日",
        ),
        Place(
            scheme="jiaozuo-2026",
            today="2026-03-17 09:00",
            person="职一",
            other="职二",
            unit="市公共设施中心",
            holder="市公共设施中心",
            records="市工考办考务员",
            sanctions=("市工考办", "市工考办复核员"),
            message="person_listed",
            payload={},
            corrected="410899198005021555",
            closes="2026年4月8日",
        ),
    ]
}
HENAN = PLACES["henan-2025"]


@dataclass
class Scene:
    """The place on stage, with the person's own filing."""

    stage: Stage
    place: Place
    filing: int
    account: Actor

    def reader(self, account: Actor) -> Reader:
        login = db.session.scalar(select(Account.login).where(Account.id == account.account_id))
        return Reader(self.stage.browser().sign_in(str(login)))

    @property
    def me(self) -> Reader:
        return self.reader(self.account)

    def actor(self, name: str) -> Actor:
        return self.stage.world.actors[name]

    def about(self, process: str) -> Case:
        db.session.expire_all()
        wanted = (Case.linked_case_id == self.filing, Case.process == process)
        return db.session.scalars(select(Case).where(*wanted).order_by(Case.id.desc())).first() or Case()

    def told(self, name: str) -> list[str]:
        organisation = self.actor(name).organisation_id
        query = select(Notice.text).where(Notice.organisation_id == organisation).order_by(Notice.id)
        return list(db.session.scalars(query))


def scene_of(app: Flask, place: Place) -> Scene:
    stage = rehearse(app, place.scheme, place.today, place.holder, at(f"{place.today[:4]}-01-01"))
    return Scene(
        stage, place, filed(stage, place, place.person), applicant(stage.world, place.person, place.holder)
    )


def filed(stage: Stage, place: Place, person: str) -> int:
    """A filing as the unit's list makes it."""
    with atomic():
        deployment_id = deployments.current(place.scheme, at(place.today))
        process = deployments.scheme(deployment_id).processes["application"]
        ids = (stage.world.organisations[place.unit], stage.world.people[person])
        return cases.open_case(
            deployment_id, process, *ids, place.payload, SYSTEM, at(place.today), place.message
        )


def kind_of(sanction: int) -> str:
    """The first kind that the scheme's catalogue names."""
    return deployments.scheme(case_row(sanction).deployment_id).catalogues["sanction_kinds"].entries[0].code
