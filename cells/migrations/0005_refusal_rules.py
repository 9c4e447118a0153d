"""The rules of departure: RFC 3463's registry, and what large receivers say of senders. A change is a later row."""

import datetime

from django.db import migrations

FROM = datetime.date(2026, 1, 1)
RFC = "RFC 3463, registre IANA des codes d’état"
RULES = [
    ("5.1.1", "suppress", RFC),
    ("5.1.2", "suppress", RFC),
    ("5.1.3", "suppress", RFC),
    ("5.1.6", "suppress", RFC),
    ("5.1.10", "suppress", "RFC 7505"),
    ("5.2.1", "suppress", RFC),
    ("5.2.2", "retry", f"{RFC} : boîte pleine"),
    ("5.7.1", "pause", f"{RFC} : refus de principe"),
    ("5.7.20", "pause", "RFC 7372 : DKIM"),
    ("5.7.21", "pause", "RFC 7372 : DKIM"),
    ("5.7.22", "pause", "RFC 7372 : DKIM"),
    ("5.7.23", "pause", "RFC 7372 : SPF"),
    ("5.7.25", "pause", "RFC 7372 : DNS inverse"),
    ("5.7.26", "pause", "RFC 7372 : authentifications multiples"),
    ("5.7.515", "pause", "Outlook, mai 2025 : exigences envers les expéditeurs de masse"),
    ("4", "retry", "RFC 5321"),
    ("5", "refuse", "RFC 5321"),
]


def write_rules(apps, schema_editor):
    rule = apps.get_model("cells", "RefusalRule")
    rule.objects.bulk_create(rule(code=c, action=a, valid_from=FROM, source=s) for c, a, s in RULES)
    apps.get_model("cells", "MailPolicy").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("cells", "0004_deliverability")]
    operations = [migrations.RunPython(write_rules, migrations.RunPython.noop)]
