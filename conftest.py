"""What all tests share: the database."""

from yiwang.config.tests.database import django_db_setup

__all__ = ["django_db_setup"]
