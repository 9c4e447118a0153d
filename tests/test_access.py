"""Who may open what: every route of the house, every kind of visitor, reading only.

A new route without a row fails the suite. `404` is "outside your cell", `403` "inside but not yours", `302` "sign in".
"""

from dataclasses import dataclass, field

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from cells.models import ApiKey, ImportBatch
from cells.services.api_keys import issue_api_key
from matching.workflow import RunState
from tests.cells.factories import DepartmentFactory, ImportBatchFactory, OrganisationFactory, OutgoingMailFactory
from tests.employers.factories import ContractFactory, OfferFactory
from tests.matching.factories import CampaignAnswerFactory, CampaignFactory, MatchRunFactory, RecipientFactory
from tests.matching.sent_offers import launched
from tests.support.html import text_of
from tests.support.queries import only_reading
from tests.youth.factories import WishFactory, YoungPersonFactory

pytestmark = pytest.mark.django_db

ROLES = ("anonymous", "nobody", "counsellor", "limited", "manager", "partner", "outsider", "staff")

EVERYONE = dict.fromkeys(ROLES, 200)
SIGNED_IN = EVERYONE | {"anonymous": 302}
# A counsellor of another cell has screens too: lists are open (and empty), things are not found.
SCREEN = SIGNED_IN | {"nobody": 403, "partner": 403, "staff": 403}
THING = SCREEN | {"outsider": 404}
# What is about the whole cell is not for a counsellor kept to some departments.
WHOLE_CELL = THING | {"limited": 403}
MANAGERS = SCREEN | {"counsellor": 403, "limited": 403, "outsider": 403}
POST_ONLY = {"anonymous": 302, **dict.fromkeys(ROLES[1:], 405)}
KEYS_ONLY = dict.fromkeys(ROLES, 401)


@dataclass(frozen=True)
class Route:
    name: str
    expected: dict[str, int]
    of: str = ""  # which of the things its uuid names
    about: str = ""  # and its person_uuid
    query: str = ""
    args: dict[str, str] = field(default_factory=dict)


ROUTES = [
    Route("cells:home", SCREEN),
    Route("cells:sign-in", EVERYONE | dict.fromkeys(ROLES[1:], 302)),
    Route("cells:sign-out", POST_ONLY),
    Route("cells:switch-membership", SIGNED_IN),
    Route("cells:accessibility", EVERYONE),
    Route("cells:legal", EVERYONE),
    Route("cells:privacy", EVERYONE),
    Route("cells:cookies", EVERYONE),
    Route("cells:site-map", EVERYONE),
    Route("cells:mail-reports", dict.fromkeys(ROLES, 405)),
    Route("youth:today", SCREEN),
    Route("youth:person-list", SCREEN),
    Route("youth:person-export", POST_ONLY),
    Route("youth:person-detail", THING, of="person"),
    Route("youth:person-history", THING, of="person"),
    Route("youth:search-area", THING, of="person"),
    Route("youth:wish-add", THING, of="person"),
    Route("youth:wish-close", THING, of="wish"),
    Route("youth:occupation-options", SCREEN),
    Route("youth:import-list", SCREEN),
    Route("youth:import-create", SCREEN),
    Route("youth:import-detail", THING, of="batch"),
    Route("youth:import-retry", POST_ONLY, of="batch"),
    Route("youth:import-refused-rows", WHOLE_CELL, of="batch"),
    Route("youth:training-unresolved", SCREEN),
    Route("youth:training-resolve", SCREEN, query="?cle=label:cap inconnu"),
    Route("employers:for-young-person", THING, of="person"),
    Route("employers:contract-create", THING, of="person"),
    Route("employers:contract-move", POST_ONLY, of="contract"),
    Route("employers:contract-break", THING, of="contract"),
    Route("employers:import-create", MANAGERS),
    Route("employers:offer-search", EVERYONE),
    Route("employers:offer-detail", EVERYONE, of="offer"),
    Route("employers:robots", EVERYONE),
    Route("employers:sitemap", EVERYONE),
    Route("employers:sitemap-part", EVERYONE, args={"number": "1"}),
    Route("employers:security-txt", EVERYONE),
    Route("matching:today", SCREEN),
    Route("matching:for-young-person", THING, of="person"),
    Route("matching:run-list", SCREEN),
    Route("matching:run-create", POST_ONLY),
    Route("matching:run-detail", THING, of="run"),
    Route("matching:run-cancel", POST_ONLY, of="run"),
    Route("matching:run-certificate", THING, of="run"),
    Route("matching:run-compare", THING, of="run"),
    Route("matching:run-report", THING, of="run"),
    Route("matching:people-without-offer", THING, of="run"),
    Route("matching:offers-without-people", THING, of="run"),
    Route("matching:why-not-search", THING, of="person"),
    Route("matching:why-not", THING, of="offer", about="person"),
    Route("matching:offer-people", SCREEN, of="offer"),
    Route("matching:campaign-create", WHOLE_CELL, of="run"),
    Route("matching:campaign-list", SCREEN),
    Route("matching:campaign-new", SCREEN | {"limited": 403}),
    Route("matching:campaign-audience", SCREEN | {"limited": 403}),
    Route("matching:campaign-change", WHOLE_CELL, of="campaign"),
    Route("matching:campaign-rehearsal", THING, of="campaign"),
    Route("matching:campaign-schedule", POST_ONLY, of="campaign"),
    Route("matching:campaign-unschedule", POST_ONLY, of="campaign"),
    Route("matching:campaign-results", THING, of="launched"),
    Route("matching:campaign-export", POST_ONLY, of="campaign"),
    Route("matching:mail-control", MANAGERS),
    Route("matching:answer-list", SCREEN),
    Route("matching:answer-handle", POST_ONLY, of="answer"),
    Route("matching:answer", dict.fromkeys(ROLES, 404), args={"token": "faux"}),
    Route("matching:answer-to", dict.fromkeys(ROLES, 404), args={"token": "faux", "question": "aide"}),
    Route("matching:campaign-detail", THING, of="campaign"),
    Route("matching:campaign-launch", WHOLE_CELL, of="campaign"),
    Route("matching:campaign-pause", POST_ONLY, of="campaign"),
    Route("matching:campaign-resume", POST_ONLY, of="campaign"),
    Route("matching:campaign-cancel", POST_ONLY, of="campaign"),
    Route("matching:recipient-preview", THING, of="campaign", about="person"),
    Route("matching:recipient-test", POST_ONLY, of="campaign", about="person"),
    Route("matching:recipient-revoke", POST_ONLY, of="campaign", about="person"),
    Route("matching:recipient-mail", THING, of="campaign", about="person"),
    Route("matching:unsubscribe", dict.fromkeys(ROLES, 404), args={"token": "faux"}),
    Route("healthz", EVERYONE),
    Route("schema", EVERYONE),
    Route("docs", EVERYONE),
    Route("offer-list", EVERYONE),
    Route("offer-read", EVERYONE, of="offer"),
    Route("national-search", EVERYONE),
    Route("young-person-list", KEYS_ONLY),
    Route("young-person-read", KEYS_ONLY, of="person"),
    Route("young-person-offers", KEYS_ONLY, of="person"),
    Route("offer-young-people", KEYS_ONLY, of="offer"),
    Route("unknown", dict.fromkeys(ROLES, 404), args={"path": "v9/rien"}),
]


def named_routes(patterns=None, namespace="") -> set[str]:
    found: set[str] = set()
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace == "admin":
            continue  # tests/test_admin.py
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            found |= named_routes(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            found.add(f"{namespace}{pattern.name}" if pattern.name else str(pattern.pattern))
    return found


def test_every_route_has_its_row():
    assert named_routes() == {route.name for route in ROUTES}


@pytest.fixture
def visitor(request, signed_in):
    def visit(role: str) -> Client:
        cast = {"counsellor": "alice", "outsider": "charlie", "nobody": "user_without_cell"}
        return Client() if role == "anonymous" else signed_in(request.getfixturevalue(cast.get(role, role)))

    return visit


@pytest.fixture
def user_without_cell(django_user_model):
    return django_user_model.objects.create_user("seul@jonction.example", "x", first_name="Seul", last_name="Ici")


@pytest.fixture
def things(cell):
    person = YoungPersonFactory(cell=cell, in_rouen=True)
    signed = ContractFactory(young_person__cell=cell, young_person__in_rouen=True)
    run = MatchRunFactory(cell=cell)
    campaign = CampaignFactory(run=run)
    mail = OutgoingMailFactory(stream=campaign.stream, html="<p>…</p>", content_sha256="0" * 64)
    return {
        "person": person,
        "wish": WishFactory(young_person=person),
        "batch": ImportBatchFactory(cell=cell, state=ImportBatch.State.DONE),
        "contract": signed,
        "offer": OfferFactory(),
        "run": run,
        "campaign": campaign,
        "launched": launched(cell),
        "answer": CampaignAnswerFactory(recipient__campaign=campaign),
        "recipient": RecipientFactory(campaign=campaign, young_person=person, skip_reason="", mail=mail),
        "unresolved": WishFactory(young_person=person, training=None, label="CAP inconnu"),
    }


def address(route: Route, things: dict) -> str:
    args = dict(route.args)
    if route.of:
        args["uuid"] = str(things[route.of].uuid)
    if route.about:
        args["person_uuid"] = str(things[route.about].uuid)
    return reverse(route.name, kwargs=args) + route.query


@pytest.mark.parametrize("role", ROLES)
def test_each_route_answers_a_visitor_as_the_table_says_and_writes_nothing(role, visitor, things):
    client = visitor(role)
    surprises = {}
    for route in ROUTES:
        with only_reading():
            status = client.get(address(route, things)).status_code
        if status != route.expected[role]:
            surprises[route.name] = f"{status} instead of {route.expected[role]}"
    assert surprises == {}


def test_an_outsider_cannot_post_to_what_is_not_theirs(visitor, things):
    client = visitor("outsider")
    guarded = [route for route in ROUTES if route.of and route.expected not in (EVERYONE, KEYS_ONLY)]
    answers = {route.name: client.post(address(route, things)).status_code for route in guarded}
    assert {name: status for name, status in answers.items() if status not in (404, 405)} == {}


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("matching:run-create", ""),
        ("matching:run-cancel", "run"),
        ("matching:campaign-create", "run"),
        *((f"matching:campaign-{act}", "campaign") for act in ("launch", "pause", "resume", "cancel")),
        *((f"matching:campaign-{act}", "campaign") for act in ("change", "schedule", "unschedule", "export")),
    ],
)
def test_a_counsellor_kept_to_departments_is_told_why_the_whole_cell_is_not_theirs(name, of, visitor, things):
    response = visitor("limited").post(address(Route(name, {}, of=of), things))
    assert response.status_code == 403
    assert "votre accès est limité à certains départements" in text_of(response)


@pytest.mark.parametrize(("role", "buttons"), [("limited", False), ("counsellor", True)])
def test_buttons_that_would_be_refused_are_not_shown(role, buttons, visitor, things, cell):
    client = visitor(role)
    things["active"] = MatchRunFactory(cell=cell, state=RunState.RUNNING, finished_at=None)
    seen = {
        (name, act): act in client.get(address(Route(name, {}, of=of), things)).content.decode()
        for name, of, act in (
            ("matching:run-detail", "run", "Préparer une campagne"),
            ("matching:run-detail", "active", "Annuler le calcul"),
            ("matching:campaign-list", "", "Préparer une campagne"),
            ("matching:campaign-detail", "campaign", "Lancer la campagne"),
            ("matching:campaign-detail", "campaign", "Modifier"),
            ("matching:campaign-results", "launched", "Exporter les destinataires"),
            ("matching:campaign-detail", "campaign", "Annuler la campagne"),
        )
    }
    assert seen == dict.fromkeys(seen, buttons)


def test_a_manager_kept_to_departments_still_works_for_the_whole_cell(manager, signed_in, things):
    manager.memberships.get().departments.add(DepartmentFactory(code="76"))
    route = Route("youth:import-refused-rows", {}, of="batch")
    assert signed_in(manager).get(address(route, things)).status_code == 200


@pytest.mark.parametrize(
    ("scopes", "status"), [([ApiKey.Scope.YOUNG_PEOPLE_READ], 200), ([ApiKey.Scope.OFFERS_WRITE], 403)]
)
def test_a_key_reads_people_only_with_the_scope(scopes, status, cell, manager_viewer, things):
    issued = issue_api_key(
        organisation=OrganisationFactory(), cell=cell, label="essai", scopes=scopes, by=manager_viewer
    )
    client = Client(headers={"authorization": f"Bearer {issued.token}"})
    with only_reading():
        assert client.get(reverse("young-person-list")).status_code == status
