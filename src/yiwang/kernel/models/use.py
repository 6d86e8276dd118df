"""Uses of what is limited, for all processes."""

from django.db import models


class Use(models.Model):
    """How often a limit was used in one window; kept until the window ends. The table is not logged: a crash empties it."""

    slot = models.BinaryField(primary_key=True, max_length=32)
    """Digest of the limit's key and its window: the key may hold an address or a name."""
    used = models.BigIntegerField()
    ends_at = models.DateTimeField()
