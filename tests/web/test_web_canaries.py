"""Every text that somebody can type, typed by somebody hostile, is a text and nothing else on every page.

What there is to type and to open is computed from the pages' own forms and from the url map: a new form, or a
new page, is tried like the others, and one that nobody comes to fails here.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from flask import Flask, Response
from support.canary_world import LEFT, CanaryWorld
from support.everywhere import NO_PAGES, is_page
from support.hostile import CANARIES, LONG, MARK, judge, words_of
from support.typing_hands import Hands

from app import clock
from app.documents import workbooks
from app.extensions import atomic
from app.operations.telling import contacts, outbox

pytestmark = pytest.mark.timeout(900)

NO_TEXT_OF_ONES_OWN = {
    "login": "letters and digits",
    "id_number": "digits",
    "telephone": "digits",
    "code": "digits, or a code that was handed out",
    "day": "a day",
    "script": "a walk through a diagram, in YAML",
    "into": "an organisation that there is",
}
REFUSED = {
    ("applicant_accounts.activate", "name"): "the name that the code was handed out to",
    ("organisations.create", "address"): "taken beside a code that is one",
    ("assigning.uncosign", "ground"): "of the last of several: the task has gone on",
}
"""Controls whose forms take no canary."""
SENT_ELSEWHERE = {
    **dict.fromkeys(LEFT, "ends the walk, and takes no text"),
    "applicant.order": "a button alone",
    "applicant.start": "a button alone",
    "applicant_form.merge": "choices alone",
    "applicant_form.upload": "a file by a script: the same as by its form",
    "imports.confirm": "a choice alone",
    "imports.go_on": "a button alone",
    "monitor.retry": "a button alone",
    "organisations.take_over": "a button alone",
    "overlays.withdraw": "a button alone",
    "sayings.begin": "a button alone",
    "second_factor.enter_code": "a code alone",
    "second_factor.renew": "a code alone",
    "tasks.merge": "choices alone",
}
SAYS_NOTHING_TYPED = {
    "account.password": "passwords are never shown",
    "contacts.index": "one's own address, which has to be one",
    "contacts.sandbox": "letters, which say nothing of a case",
    "design.index": "the house's own parts",
    "payments.callbacks": "what a provider sent",
    "sandbox_payment.show": "a sum and a number",
    "second_factor.code": "a code alone",
    "second_factor.index": "a secret and its picture",
    "applicant_form.begin": "leads to a step of the form",
}


def crawl(world: CanaryWorld) -> Hands:
    for visitor in world.visitors.values():
        for _page in world.hands.pages(visitor.browser, list(visitor.addresses)):
            pass
    return world.hands


def rules(app: Flask, method: str) -> set[str]:
    found = app.url_map.iter_rules()
    return {rule.endpoint for rule in found if method in (rule.methods or ()) and is_page(rule.rule)}


def failed(hands: Hands) -> list[str]:
    return [f"{method} {address}" for method, address, answer in hands.answers if answer.status_code >= 500]


def told(hands: Hands) -> Mapping[str, bool]:
    """Whether a canary stands on some page of each kind that was opened, or came back from it."""
    found: dict[str, bool] = {}
    for method, address, answer in hands.answers:
        if answer.mimetype == "text/html" and "<main" in answer.text:
            endpoint = hands.endpoint(address) or hands.endpoint(address, method)
            found[endpoint] = found.get(endpoint, False) or MARK in words_of(answer)
    return found


def test_whatever_anybody_types_stays_a_text_on_every_page(app: Flask) -> None:
    hands = crawl(CanaryWorld.of(app))
    assert failed(hands) == []
    assert {line for _method, address, one in hands.answers for line in judge(one)} == set()
    assert hands.storable == set(), "a NUL was taken"
    untaken = hands.typed.keys() - hands.taken - REFUSED.keys()
    assert {control for control in untaken if control[1] not in NO_TEXT_OF_ONES_OWN} == set(), hands.refusals
    assert rules(app, "POST") - hands.sent - SENT_ELSEWHERE.keys() == set()
    shown = told(hands)
    assert rules(app, "GET") - shown.keys() - NO_PAGES.keys() - SAYS_NOTHING_TYPED.keys() == set()
    silent = {endpoint for endpoint, canary in shown.items() if not canary} & rules(app, "GET")
    assert silent - NO_PAGES.keys() - SAYS_NOTHING_TYPED.keys() == set()
    assert exported(hands) == {endpoint for endpoint in rules(app, "POST") if endpoint.startswith("exports.")}
    outbox.deliver(atomic, clock.now())
    letters = contacts.rehearsed(None)
    assert letters
    assert [letter for letter in letters if MARK in str(letter)] == []


def exported(hands: Hands) -> set[str]:
    """The exports in which a canary stands."""
    return {
        hands.endpoint(address, method)
        for method, address, answer in hands.answers
        if answer.mimetype == workbooks.XLSX and "export" in address and MARK in cells_of(answer)
    }


def cells_of(answer: Any) -> str:
    book = openpyxl.load_workbook(BytesIO(answer.get_data()))
    return " ".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


def test_ten_thousand_characters_are_taken_or_refused_everywhere(app: Flask) -> None:
    hands = crawl(CanaryWorld.of(app, [LONG], whole=False))
    assert failed(hands) == []
    assert {line for _method, _address, one in hands.answers for line in judge(one)} == set()


# What the judge itself sees


MARKUP = [one for one in CANARIES if "<" in one or "onfocus" in one]


@pytest.mark.parametrize("canary", MARKUP)
def test_the_judge_sees_what_got_through(canary: str) -> None:
    shown = f"<title>x</title><main><template><textarea>{canary}</textarea>{canary}<p title='{canary}'>"
    assert judge(page(shown))


def test_the_judge_sees_addresses_templates_and_formulas() -> None:
    assert judge(page(f'<a href="{CANARIES[9]}">x</a>'))
    assert judge(page(f"<p>{MARK}49</p>"))
    assert judge(page("<p>&amp;lt;</p>"))
    book, stream = openpyxl.Workbook(), BytesIO()
    book.active["A1"] = CANARIES[5]
    book.save(stream)
    assert judge(page(stream.getvalue(), workbooks.XLSX))
    assert judge(page("<p>plain</p>")) == []


def page(body: str | bytes, mimetype: str = "text/html") -> Any:
    return Response(body, mimetype=mimetype, headers={"X-Content-Type-Options": "nosniff"})
