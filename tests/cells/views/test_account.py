"""Signing in, out, and choosing a cell."""

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from cells.models import Cell, Role
from tests.cells.factories import CellFactory, MembershipFactory, RegionFactory, UserFactory
from tests.support.html import text_of

pytestmark = pytest.mark.django_db
SECRET = "une phrase de passe longue"


def sign_in(client, email, password=SECRET, **more):
    return client.post(reverse("cells:sign-in"), {"username": email, "password": password, **more})


def test_a_counsellor_signs_in_whatever_the_case_of_the_address(alice):
    response = sign_in(Client(), " ALICE@Jonction.example ")
    assert response.status_code == 302
    assert response.url == reverse("cells:home")


def test_a_wrong_password_says_the_same_as_an_unknown_address(alice):
    wrong = text_of(sign_in(Client(), "alice@jonction.example", "non"))
    unknown = text_of(sign_in(Client(), "inconnue@jonction.example", "non"))
    assert "Adresse ou mot de passe inconnu" in wrong
    assert wrong.replace("alice", "inconnue") == unknown


def test_the_frame_names_the_site_and_not_its_host(client):
    assert "testserver" not in text_of(client.get(reverse("cells:sign-in")))


def test_signing_in_never_leads_to_another_site(alice):
    assert sign_in(Client(), "alice@jonction.example", next="https://mechant.example/").url == reverse("cells:home")


@override_settings(AXES_ENABLED=True, AXES_FAILURE_LIMIT=2)
def test_too_many_failures_suspend_that_address_and_no_other(alice, bob):
    client = Client()
    answers = [sign_in(client, "alice@jonction.example", "non") for _ in range(3)]
    assert answers[-1].status_code == 429
    assert "Connexion suspendue" in text_of(answers[-1])
    assert sign_in(client, "alice@jonction.example").status_code == 429
    assert sign_in(client, "bob@jonction.example").status_code == 302


def test_signing_out_takes_a_post(alice, signed_in):
    client = signed_in(alice)
    assert client.get(reverse("cells:sign-out")).status_code == 405
    client.post(reverse("cells:sign-out"))
    assert client.get(reverse("cells:home")).status_code == 302


def test_a_form_without_its_token_is_refused_with_what_to_do(alice):
    client = Client(enforce_csrf_checks=True)
    response = sign_in(client, "alice@jonction.example")
    assert response.status_code == 403
    assert "Formulaire refusé" in text_of(response)


def test_someone_of_two_cells_chooses_and_stays_there(alice, signed_in):
    second = MembershipFactory(user=alice, cell=CellFactory(region=RegionFactory(code="53")))
    client = signed_in(alice)
    client.post(reverse("cells:switch-membership"), {"membership": second.pk})
    assert "Cellule Bretagne" in text_of(client.get(reverse("cells:home")))


def test_nobody_chooses_the_cell_of_another(alice, charlie, signed_in):
    client = signed_in(alice)
    response = client.post(reverse("cells:switch-membership"), {"membership": charlie.memberships.get().pk})
    assert response.status_code == 200
    assert "Cellule Bretagne" not in text_of(client.get(reverse("cells:home")))


def test_a_user_without_cell_is_told_what_to_do(signed_in):
    response = signed_in(UserFactory()).get(reverse("cells:home"))
    assert response.status_code == 403
    assert "Aucune cellule" in text_of(response)


def test_a_partner_member_has_no_screen(partner, signed_in):
    assert partner.memberships.get().role == Role.PARTNER
    response = signed_in(partner).get(reverse("cells:home"))
    assert response.status_code == 403
    assert "Accès refusé" in text_of(response)


def test_a_closed_cell_opens_no_screen(alice, cell, signed_in):
    Cell.objects.filter(pk=cell.pk).update(is_active=False)
    response = signed_in(alice).get(reverse("cells:home"))
    assert response.status_code == 403
    assert "Aucune cellule" in text_of(response)
