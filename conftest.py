"""What all tests share: the database, and the small city in it."""

from yiwang.config.tests.database import django_db_setup, testville

__all__ = ["django_db_setup", "testville"]
