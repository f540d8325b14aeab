"""Journeys are made by the same people, in the same library, as tests of single pages."""

from tests.pages.conftest import no_kept_connections, people, sample

__all__ = ["no_kept_connections", "people", "sample"]
