import django.db.models.deletion
import matching.models.reasons
from django.db import migrations, models


PACKED = """
    LEAST(COALESCE((reasons->>'rome')::int, 0), 3)
    | LEAST(COALESCE((reasons->>'level')::int, 0), 7) << 2
    | LEAST(COALESCE((reasons->>'date')::int, 0), 3) << 5
    | LEAST(COALESCE((reasons->>'via')::int, 0), 3) << 7
    | LEAST(COALESCE((reasons->>'rank')::int, 0), 255) << 10
    | LEAST(COALESCE((reasons->>'age')::int, -1) + 1, 4095) << 18
"""
UNPACKED = """
    jsonb_build_object('rome', reasons & 3, 'level', reasons >> 2 & 7, 'date', reasons >> 5 & 3,
    'via', reasons >> 7 & 3, 'rank', reasons >> 10 & 255, 'age', (reasons >> 18 & 4095) - 1)
"""
CROWDED_OUT = """
    INSERT INTO matching_runperson (run_id, young_person_id, status)
    SELECT DISTINCT id, unnest(crowded_out), 5 FROM matching_matchrun
"""


def retyped(table, kind, value):
    return f"ALTER TABLE {table} ALTER COLUMN reasons TYPE {kind} USING {value}"


def packed_reasons(model_name):
    """JSON reasons as one integer: the layout of matching.models.reasons on the day of this migration."""
    table = f"matching_{model_name}"
    field = matching.models.reasons.ReasonsField(default=dict, verbose_name="raisons")
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(retyped(table, "integer", PACKED), retyped(table, "jsonb", UNPACKED))
        ],
        state_operations=[migrations.AlterField(model_name=model_name, name="reasons", field=field)],
    )


class Migration(migrations.Migration):

    dependencies = [
        ('employers', '0003_initial'),
        ('matching', '0002_initial'),
        ('youth', '0002_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='RunOffer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('budget', models.IntegerField(verbose_name='plafond')),
                ('exposure', models.IntegerField(verbose_name='jeunes à qui elle est proposée')),
                ('price', models.BigIntegerField(default=0, verbose_name='prix d’ombre')),
            ],
            options={
                'verbose_name': 'offre d’un calcul',
                'verbose_name_plural': 'offres d’un calcul',
            },
        ),
        migrations.CreateModel(
            name='RunPerson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.PositiveSmallIntegerField(choices=[(0, 'A des propositions'), (1, 'Sans vœu'), (2, 'Vœux sans métier reconnu'), (3, 'Sans lieu connu'), (4, 'Aucune offre ne convient'), (5, 'Offres possibles toutes prises')], verbose_name='situation dans le calcul')),
            ],
            options={
                'verbose_name': 'jeune d’un calcul',
                'verbose_name_plural': 'jeunes d’un calcul',
            },
        ),
        migrations.CreateModel(
            name='RunProgress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=[('reading', 'Lecture des dossiers et des offres'), ('ranking', 'Classement des offres de chaque jeune'), ('allocating', 'Répartition des offres'), ('writing', 'Enregistrement et vérification')], default='reading', max_length=12, verbose_name='étape')),
                ('shards_total', models.PositiveSmallIntegerField(default=0, verbose_name='parts')),
                ('shards_done', models.PositiveSmallIntegerField(default=0, verbose_name='parts faites')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='noté à')),
            ],
            options={
                'verbose_name': 'avancement d’un calcul',
                'verbose_name_plural': 'avancements des calculs',
            },
        ),
        migrations.CreateModel(
            name='RunShard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='numéro')),
                ('fingerprint', models.CharField(max_length=64, verbose_name='empreinte des entrées')),
                ('state', models.CharField(choices=[('waiting', 'En attente'), ('leased', 'En cours'), ('done', 'Faite')], default='waiting', max_length=8, verbose_name='état')),
                ('leased_until', models.DateTimeField(null=True, verbose_name='réservée jusqu’à')),
                ('inputs', models.BinaryField(verbose_name='entrées')),
                ('lists', models.BinaryField(null=True, verbose_name='listes')),
            ],
            options={
                'verbose_name': 'part d’un calcul',
                'verbose_name_plural': 'parts d’un calcul',
            },
        ),
        migrations.RemoveConstraint(
            model_name='match',
            name='match_once',
        ),
        migrations.RemoveConstraint(
            model_name='matchrun',
            name='match_run_shards',
        ),
        migrations.RemoveField(
            model_name='matchrun',
            name='shards_done',
        ),
        migrations.RemoveField(
            model_name='matchrun',
            name='shards_total',
        ),
        migrations.AddField(
            model_name='matchrun',
            name='bound',
            field=models.JSONField(default=dict, verbose_name='preuve d’optimalité'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='origin',
            field=models.CharField(choices=[('asked', 'Demandé'), ('nightly', 'Calcul de la nuit')], default='asked', max_length=10, verbose_name='origine'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='report',
            field=models.JSONField(default=dict, verbose_name='mesures de répartition'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='timings',
            field=models.JSONField(default=dict, verbose_name='durée des étapes (s)'),
        ),
        migrations.AlterField(
            model_name='match',
            name='offer',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='matches', to='employers.offer', verbose_name='offre'),
        ),
        packed_reasons("match"),
        migrations.AlterField(
            model_name='match',
            name='run',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='matches', to='matching.matchrun', verbose_name='calcul'),
        ),
        migrations.AlterField(
            model_name='match',
            name='wish',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='matches', to='youth.wish', verbose_name='vœu servi'),
        ),
        migrations.AlterField(
            model_name='match',
            name='young_person',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='matches', to='youth.youngperson', verbose_name='jeune'),
        ),
        packed_reasons("recipientoffer"),
        migrations.AddField(
            model_name='runoffer',
            name='offer',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='employers.offer', verbose_name='offre'),
        ),
        migrations.AddField(
            model_name='runoffer',
            name='run',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='offers', to='matching.matchrun', verbose_name='calcul'),
        ),
        migrations.AddField(
            model_name='runperson',
            name='run',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='people', to='matching.matchrun', verbose_name='calcul'),
        ),
        migrations.AddField(
            model_name='runperson',
            name='young_person',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='youth.youngperson', verbose_name='jeune'),
        ),
        migrations.AddField(
            model_name='runprogress',
            name='run',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='progress', to='matching.matchrun', verbose_name='calcul'),
        ),
        migrations.AddField(
            model_name='runshard',
            name='run',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='shards', to='matching.matchrun', verbose_name='calcul'),
        ),
        migrations.AddConstraint(
            model_name='runoffer',
            constraint=models.UniqueConstraint(fields=('run', 'offer'), name='run_offer_once'),
        ),
        migrations.AddConstraint(
            model_name='runperson',
            constraint=models.UniqueConstraint(fields=('run', 'young_person'), name='run_person_once'),
        ),
        migrations.AddConstraint(
            model_name='runprogress',
            constraint=models.CheckConstraint(condition=models.Q(('shards_done__lte', models.F('shards_total'))), name='run_progress_shards'),
        ),
        migrations.AddConstraint(
            model_name='runshard',
            constraint=models.UniqueConstraint(fields=('run', 'number'), name='run_shard_once'),
        ),
        migrations.AddConstraint(
            model_name='runshard',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), ('lists__isnull', False), _connector='OR'), name='run_shard_done_has_lists'),
        ),
        migrations.RunSQL(CROWDED_OUT, migrations.RunSQL.noop),
        migrations.RemoveField(
            model_name='matchrun',
            name='crowded_out',
        ),
    ]
