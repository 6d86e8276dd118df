"""Payments of fees: append only. The name of the payer alone can be sealed anew with another key (``kernel.sealed``)."""

import django.db.models.deletion
import yiwang.kernel.ids
import yiwang.kernel.sealed
from django.db import migrations, models


KEPT = "id, case_id, kind, fee, agency_id, slip, turn, amount, at, taker_id, taker_label, reason, reverses_id"
FORWARD = (
    f"CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF {KEPT} ON cases_payment"
    " FOR EACH ROW EXECUTE FUNCTION kernel_append_only();"
    "CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON cases_payment"
    " FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();"
)
BACKWARD = "DROP TRIGGER append_only ON cases_payment; DROP TRIGGER append_only_truncate ON cases_payment;"


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0018_public_grants'),
        ('directory', '0007_own_index'),
        ('kernel', '0002_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.UUIDField(default=yiwang.kernel.ids.uuid7, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=8)),
                ('fee', models.TextField()),
                ('slip', models.CharField(blank=True, max_length=60)),
                ('turn', models.SmallIntegerField(default=0)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=16)),
                ('payer', yiwang.kernel.sealed.SealedTextField(blank=True, default='')),
                ('at', models.DateTimeField()),
                ('taker_id', models.UUIDField(null=True)),
                ('taker_label', models.CharField(max_length=120)),
                ('reason', models.TextField(blank=True)),
                ('agency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.agency')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='cases.case')),
                ('reverses', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.payment')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'paid'), ('reverses', None)), fields=('agency', 'slip', 'turn'), name='payment_slip_once'), models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('reverses', None)), models.Q(('amount__lt', 0), ('reverses__isnull', False)), _connector='OR'), name='payment_sign')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
