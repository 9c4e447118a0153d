from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations

CREATE = """
CREATE TEXT SEARCH CONFIGURATION french_unaccent (COPY = french);
ALTER TEXT SEARCH CONFIGURATION french_unaccent
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, french_stem;
"""
DROP = "DROP TEXT SEARCH CONFIGURATION french_unaccent;"


class Migration(migrations.Migration):
    """Offers are searched in French, whether accents are typed or not."""

    initial = True

    dependencies = []

    operations = [UnaccentExtension(), migrations.RunSQL(CREATE, DROP)]
