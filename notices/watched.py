"""Which changes to schedules, wording and the daily run are kept with who made them (product.md, S1).

Versions of a template are kept themselves, with their texts; so are a person's decisions about a run.
"""

from library.audit import watch
from notices.models import RunSettings, Schedule, Step


def register() -> None:
    for model in (Schedule, Step, RunSettings):
        fields = [field.name for field in model._meta.concrete_fields if field.name != "id"]
        watch(model, fields=fields, many=["groups", "collections"] if model is Schedule else [])
