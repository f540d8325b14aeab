"""Schedules and wording, and what came of them: runs, notices (the ledger) and letters."""

from .letter import Letter, Line
from .notice import Notice
from .run import KeptForecast, Outcome, Run, RunSettings
from .schedule import Schedule, Step
from .shelf_check import KeptShelfCheck, ShelfPlace
from .template import Audience, Template, TemplateVersion

__all__ = [
    "Audience",
    "KeptForecast",
    "KeptShelfCheck",
    "Letter",
    "Line",
    "Notice",
    "Outcome",
    "Run",
    "RunSettings",
    "Schedule",
    "ShelfPlace",
    "Step",
    "Template",
    "TemplateVersion",
]
