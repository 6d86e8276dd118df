"""The working-day calendar as the administrator enters it, with the document that each day rests on."""

from django.db import models


class CalendarYear(models.Model):
    """A year that has been entered for a region (empty: the whole country); years without a row cannot be
    counted.
    """

    region = models.CharField(max_length=12, blank=True)
    year = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=200, blank=True)
    provisional = models.BooleanField(default=False)
    """Entered before the official notice: dates in it may still move."""
    changed_at = models.DateTimeField(auto_now=True)
    """Touched with every change of the year's days: processes read the calendar anew when it moves."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "year"], name="calendar_year_once")]


class CalendarDay(models.Model):
    """A day that is worked or off against the week's rhythm, or that has a name."""

    region = models.CharField(max_length=12, blank=True)
    date = models.DateField()
    is_workday = models.BooleanField()
    reason = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "date"], name="calendar_day_once")]
