"""What each agency has of the world: one function a dataset. Importing this package gathers them all in ``VIEWS``."""

from yiwang.config.synth.views import (
    businesses,
    health,
    learning,
    needing,
    owning,
    permits,
    persons,
    premises,
    taxes,
    working,
)
from yiwang.config.synth.views.base import VIEWS, Row, View

LEFT_OUT = {
    "adoptions": "nobody of the world was adopted",
    "air_quality": "a measurement, not a fact about somebody",
    "archive_catalogue": "old papers, not people of today",
    "bus_lines": "a thing of the city, not of somebody",
    "elderly_care_sites": "a thing of the city, not of somebody",
    "entertainment_venues": "the world has no such trade",
    "express_outlets": "a thing of the city, not of somebody",
    "foreign_investments": "the world has no foreigners",
    "foreign_work_permits": "the world has no foreigners",
    "foreigner_residence": "the world has no foreigners",
    "infectious_cases": "nobody's illness is invented for a list that is not shared",
    "lawyers": "the world has no law firms",
    "presale_permits": "nobody builds homes for sale",
    "price_monitoring": "a measurement, not a fact about somebody",
    "public_toilets": "a thing of the city, not of somebody",
    "safety_permits": "the world has no such trade",
    "sealed_records": "sealed by law: nobody is told, and nobody invents them",
    "service_centres": "the pack has its own in centres.yaml",
    "sports_venues": "a thing of the city, not of somebody",
    "temples": "a thing of the city, not of somebody",
    "water_intakes": "the world has no such firm",
    "weather_warnings": "a measurement, not a fact about somebody",
}
"""Datasets that are not derived, and why."""

__all__ = [
    "LEFT_OUT",
    "VIEWS",
    "Row",
    "View",
    "businesses",
    "health",
    "learning",
    "needing",
    "owning",
    "permits",
    "persons",
    "premises",
    "taxes",
    "working",
]
