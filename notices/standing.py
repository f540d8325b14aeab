"""The rows that notices cannot do without: the default wording, and the settings of the daily run."""

from django.db import transaction

from notices import defaults, templates
from notices.models import RunSettings, Template


@transaction.atomic
def set_up() -> None:
    """Safe to run again: wording that somebody changed stays; wording that nobody touched follows the program."""
    RunSettings.the()
    for default in defaults.load():
        template, _ = Template.objects.get_or_create(
            kind=default.kind,
            service=default.service,
            audience=default.audience,
            number=default.number,
            defaults={
                "name": templates.name(
                    service=default.service, kind=default.kind, number=default.number, audience=default.audience
                )
            },
        )
        current = template.current
        if current is None or (
            current.is_default and (current.subject, current.body) != (default.subject, default.body)
        ):
            templates.restore_default(template)
