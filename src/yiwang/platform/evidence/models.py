"""Tables of the built-in source of shared data: the pack's datasets, keyed by a blind index of the subject's number."""

from __future__ import annotations

from django.db import models

from yiwang.kernel.sealed import SealedJSONField


class Dataset(models.Model):
    """A dataset that agencies share."""

    code = models.CharField(max_length=60, primary_key=True)
    name = models.CharField(max_length=120)
    agency_name = models.CharField(max_length=120)
    subject = models.CharField(max_length=12)
    fields = models.JSONField()
    basis = models.CharField(max_length=300, blank=True)
    available = models.BooleanField(default=True)


class DatasetRecord(models.Model):
    """One subject's record in a dataset."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="records")
    subject_index = models.BinaryField(max_length=32)
    values = SealedJSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject_index", "dataset"], name="dataset_record_once")]
