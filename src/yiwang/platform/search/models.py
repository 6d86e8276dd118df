"""Tables of the search room: the index, the dictionary of terms, the city's words."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q


class SearchDocument(models.Model):
    """One thing that can be found. ``head`` has name, key words and body; ``body`` the whole text too.

    Facets stand in both as lexemes (``r=339901``): a filter costs no more than a word.
    """

    key = models.CharField(max_length=100, unique=True)
    source = models.CharField(max_length=64)
    """Implementation's id, or code of the life event: what events speak of."""
    edition = models.UUIDField(null=True)
    """Which edition of the item it says."""
    kind = models.CharField(max_length=5)
    group = models.CharField(max_length=40)
    """Basic code: the same item at different bodies is one result."""
    target = models.CharField(max_length=80)
    name = models.CharField(max_length=1000)
    name_en = models.CharField(max_length=1000, blank=True)
    short_name = models.CharField(max_length=200, blank=True)
    folded = models.CharField(max_length=1000)
    folded_short = models.CharField(max_length=200, blank=True)
    known = models.TextField(blank=True, db_default="")
    """Folded key words and English name, a space between: what is near is measured on them."""
    summary = models.CharField(max_length=400, blank=True)
    agency = models.CharField(max_length=40, blank=True)
    agency_name = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=12, blank=True)
    level = models.SmallIntegerField(default=0)
    audience = ArrayField(models.CharField(max_length=20), default=list)
    themes = ArrayField(models.CharField(max_length=12), default=list)
    online = models.BooleanField(default=False)
    icon = models.CharField(max_length=20, blank=True)
    popularity = models.IntegerField(default=0)
    head = SearchVectorField()
    body = SearchVectorField()

    class Meta:
        indexes = [
            GinIndex(fields=["head"], name="search_head", fastupdate=False),
            GinIndex(fields=["body"], name="search_body", fastupdate=False),
            models.Index(fields=["folded"], name="search_folded"),
            # Partial: most documents have no short name, and a planner that took any for so common would read the table.
            models.Index(fields=["folded_short"], name="search_folded_short", condition=~Q(folded_short="")),
            models.Index(fields=["source"], name="search_source"),
        ]


class SearchTerm(models.Model):
    """A name or word that can be suggested, with its sound and its near misses."""

    term = models.CharField(max_length=60, primary_key=True)
    folded = models.CharField(max_length=60)
    pinyin = models.CharField(max_length=400)
    initials = models.CharField(max_length=80)
    fuzzy = models.CharField(max_length=400)
    deletes = ArrayField(models.CharField(max_length=60), default=list)
    weight = models.SmallIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(OpClass("folded", name="text_pattern_ops"), name="term_folded"),
            models.Index(OpClass("pinyin", name="text_pattern_ops"), name="term_pinyin"),
            models.Index(OpClass("initials", name="text_pattern_ops"), name="term_initials"),
            models.Index(fields=["fuzzy"], name="term_fuzzy"),
            GinIndex(fields=["deletes"], name="term_deletes", fastupdate=False),
        ]


class VocabularyRow(models.Model):
    """The one row with the city's words (``types.Vocabulary``)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    common = models.JSONField(default=dict)
    """Words of the index that stand in many documents, each with its share: they say less."""
    documents = models.IntegerField(default=0)
    """How many documents there were when the common words were noted."""

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="vocabulary_one")]
