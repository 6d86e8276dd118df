"""Counters from which numbers are allotted."""

from django.db import models


class Serial(models.Model):
    """A counter; the next number is taken in the transaction that uses it, so none is lost or doubled."""

    scope = models.CharField(max_length=120, primary_key=True)
    last = models.BigIntegerField()
