"""The dated relations of organisations, as administrators keep them: 隶属 and 管辖."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import edge
from app.errors import Invalid, NotFound
from app.operations.offices import organisations
from app.queries import organisations as queries
from app.web import acts
from app.web.account import LEVELS, SYSTEMS
from app.web.acts import Field, Values, chosen, since
from app.web.organisations import act_on, back, functions, regions
from app.web.session import needs, signed_in

bp = Blueprint("relations", __name__, url_prefix="/administration/organisations")

SINCE = Field("since", _l("自何日起"), "date", help=_l("不填为立即生效"), required=False)


@bp.route("/<int:organisation_id>/superior", methods=("GET", "POST"))
@needs("administrator")
def subordinate(organisation_id: int) -> Any:
    departments = {str(row.id): row.name for row in queries.departments()}
    superior = Field(
        "superior", _l("主管部门"), "select", departments.items(), required=False, blank=_l("没有主管部门")
    )
    act = act_on(organisation_id, _("更改隶属"), _("保存"), fields=(superior, SINCE))

    def work(sent: Values) -> None:
        wanted = chosen(sent["superior"], departments, "superior")
        organisations.assign_superior(
            organisation_id, int(wanted) if wanted else None, since(sent["since"]), **_told(sent)
        )

    return acts.answer(act, work, back(organisation_id, _("隶属关系已更改。")))


@bp.route("/<int:organisation_id>/jurisdictions", methods=("GET", "POST"))
@needs("administrator")
def grant(organisation_id: int) -> Any:
    performed = functions()
    fields = (
        Field("function", _l("职责"), "select", performed.items()),
        Field("region", _l("管辖地区"), "select", regions().items()),
        Field("level", _l("隶属层级"), "select", LEVELS.items(), required=False, blank=_l("不限")),
        Field("system", _l("组织类别"), "select", SYSTEMS.items(), required=False, blank=_l("不限")),
        SINCE,
    )
    note = _("同一职责、地区、层级和类别原来由其他机构行使的，同时终止。")
    act = act_on(organisation_id, _("授予职责"), _("授予"), note, fields)
    if queries.known(organisation_id).kind == "unit":
        raise NotFound

    def work(sent: Values) -> None:
        function = chosen(sent["function"], performed, "function")
        if function is None:
            raise Invalid({"function": [_("请选择。")]})
        organisations.grant_jurisdiction(
            organisation_id,
            function,
            sent["region"],
            since(sent["since"]),
            level=chosen(sent["level"], LEVELS, "level"),
            system=chosen(sent["system"], SYSTEMS, "system"),
            **_told(sent),
        )

    return acts.answer(act, work, back(organisation_id, _("职责已授予。")))


@bp.route("/<int:organisation_id>/jurisdictions/<int:jurisdiction_id>/end", methods=("GET", "POST"))
@needs("administrator")
def end(organisation_id: int, jurisdiction_id: int) -> Any:
    rows = {row.id: row for row in queries.jurisdictions(organisation_id)}
    if jurisdiction_id not in rows:
        raise NotFound
    row = rows[jurisdiction_id]
    note = f"{functions().get(row.function, row.function)} · {regions().get(row.region, row.region)}"
    act = act_on(organisation_id, _("终止职责"), _("终止"), note, (SINCE,), danger=True)

    def work(sent: Values) -> None:
        organisations.end_jurisdiction(jurisdiction_id, since(sent["since"]), **_told(sent))

    return acts.answer(act, work, back(organisation_id, _("职责已终止。")))


def _told(sent: Values) -> dict[str, Any]:
    return {"ground": sent["ground"], "actor": signed_in().actor, "told_at": edge.received_at()}
