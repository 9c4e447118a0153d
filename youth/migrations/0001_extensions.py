from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    """Name search uses trigrams."""

    initial = True

    dependencies = []

    operations = [TrigramExtension()]
