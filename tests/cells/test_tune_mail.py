"""The operator's hand on rates, rules and limits."""

import pytest
from django.core.management import CommandError, call_command

from cells.mailing.refusals import Action, RefusalRules
from cells.models import MailPolicy, MailRate

pytestmark = pytest.mark.django_db


def test_a_rate_is_set_changed_and_lifted():
    for per_minute in (300, 60):
        call_command("tune_mail", "rate", "Orange.fr", per_minute)
    assert list(MailRate.objects.values_list("domain", "per_minute", "burst")) == [("orange.fr", 60, 10)]
    call_command("tune_mail", "rate", "orange.fr", 0)
    assert not MailRate.objects.exists()


def test_a_rule_holds_from_its_day_on():
    call_command("tune_mail", "rule", "5.9.9", "pause", "--from", "2026-01-02")
    call_command("tune_mail", "rule", "5.9.9", "suppress", "--from", "2999-01-01")
    assert RefusalRules.on().action("5.9.9") == Action.PAUSE


def test_a_limit_is_changed():
    call_command("tune_mail", "limit", "minimum_sample", 50)
    assert MailPolicy.objects.get().minimum_sample == 50
    with pytest.raises(CommandError):
        call_command("tune_mail", "limit", "refused_percent", "-1")
