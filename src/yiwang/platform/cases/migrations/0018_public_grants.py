"""What was granted is published; of what was decided before, the licences of organisations.

What persons were granted before is not: whether an item's grants tell of somebody's private life was not asked then.
"""

import django.db.models.deletion
import yiwang.kernel.ids
from django.db import migrations, models
from yiwang.kernel import clock


BATCH = 2000


def publish(apps, schema_editor):
    """Publish, a batch at a time, the administrative licences that organisations were granted."""
    granted, organisation = apps.get_model("cases", "PublicGrant"), apps.get_model("identity", "Organisation")
    documents = apps.get_model("cases", "Document").objects.filter(
        kind="decision",
        case__result__in=["issued", "granted"],
        case__principal_kind="organisation",
        case__edition__content__definition__item_type="01",
    )
    last = None
    while True:
        rows = documents.order_by("id").values_list(
            "id", "case__agency_id", "case__name", "case__applicant_name", "case__principal_id", "created_at"
        )
        rows = list((rows.filter(id__gt=last) if last else rows)[:BATCH])
        if not rows:
            return
        last = rows[-1][0]
        codes = dict(organisation.objects.filter(pk__in={row[4] for row in rows}).values_list("pk", "uscc"))
        granted.objects.bulk_create(
            granted(
                document_id=document, agency_id=agency, name=name, holder=holder, holder_code=codes.get(principal, ""),
                decided_on=clock.legal_date(at),
            )
            for document, agency, name, holder, principal, at in rows
        )


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0017_tell_limit'),
        ('catalog', '0012_longer_codes'),
        ('directory', '0007_own_index'),
        ('identity', '0003_counter_delegations'),
    ]

    operations = [
        migrations.CreateModel(
            name='PublicGrant',
            fields=[
                ('id', models.UUIDField(default=yiwang.kernel.ids.uuid7, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('holder', models.CharField(max_length=160)),
                ('holder_code', models.CharField(blank=True, max_length=18)),
                ('decided_on', models.DateField()),
                ('agency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.agency')),
                ('document', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.document')),
            ],
            options={
                'indexes': [models.Index(fields=['decided_on', 'id'], name='public_grant_day'), models.Index(fields=['agency', 'decided_on', 'id'], name='public_grant_agency')],
            },
        ),
        migrations.RunPython(publish, migrations.RunPython.noop),
    ]
