"""Records that ended are found by their key, rows to mend by their file; and tokens, in which the keys of an agency's table may stand, are sealed."""

import yiwang.kernel.sealed
from django.db import migrations, models


def move(to, source):
    """Return what copies the tokens of feeds and runs from one column to the other."""

    def run(apps, schema_editor):
        for name in ("Feed", "Run"):
            model = apps.get_model("sharing", name)
            rows = model.objects.filter(**{f"{source}__isnull": False}).only("pk", source)
            for row in rows.iterator(chunk_size=500):
                model.objects.filter(pk=row.pk).update(**{to: getattr(row, source)})

    return run


class Migration(migrations.Migration):

    dependencies = [
        ('sharing', '0015_answers'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='record',
            index=models.Index(condition=models.Q(('valid_to__isnull', False), ('id', 0), _connector='OR'), fields=['subject_index', 'own', 'dataset', 'valid_to'], name='record_past'),
        ),
        migrations.AddField(
            model_name='badrow',
            name='file',
            field=models.CharField(blank=True, default='', max_length=100),
            preserve_default=False,
        ),
        migrations.RenameField(model_name='feed', old_name='token', new_name='plain_token'),
        migrations.RenameField(model_name='run', old_name='token', new_name='plain_token'),
        migrations.AddField(model_name='feed', name='token', field=yiwang.kernel.sealed.SealedJSONField(null=True)),
        migrations.AddField(model_name='run', name='token', field=yiwang.kernel.sealed.SealedJSONField(null=True)),
        migrations.RunPython(move("token", "plain_token"), move("plain_token", "token")),
        migrations.RemoveField(model_name='feed', name='plain_token'),
        migrations.RemoveField(model_name='run', name='plain_token'),
    ]
