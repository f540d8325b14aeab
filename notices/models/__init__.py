"""Schedules and wording, and what came of them: runs, notices (the ledger) and letters."""

from .letter import Letter, Line
from .notice import Notice
from .run import KeptForecast, Outcome, Run, RunSettings
from .schedule import Schedule, Step
from .template import Audience, Template, TemplateVersion

__all__ = [
    "Audience",
    "KeptForecast",
    "Letter",
    "Line",
    "Notice",
    "Outcome",
    "Run",
    "RunSettings",
    "Schedule",
    "Step",
    "Template",
    "TemplateVersion",
]
