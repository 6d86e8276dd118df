"""What tells that something of a sort has changed (``kernel.stamps``)."""

from django.db import models


class Stamp(models.Model):
    """A value that is new after every change of the tables that it stands for."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.UUIDField()
