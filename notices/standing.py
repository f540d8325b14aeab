"""The rows that notices cannot do without: the default wording, and the settings of the daily run."""

from django.db import transaction

from circulation.models import Loan
from notices import defaults
from notices.models import Audience, RunSettings, Template, TemplateVersion
from notices.models.schedule import step_name


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
            defaults={"name": _name(default)},
        )
        current = template.current
        if current is None or (
            current.is_default and (current.subject, current.body) != (default.subject, default.body)
        ):
            restore(template, subject=default.subject, body=default.body)


def _name(default: defaults.DefaultTemplate) -> str:
    """The fixed name: *Circulation, Overdue 2, to a parent or carer*."""
    what = step_name(default.number) if default.number is not None else Template.Kind(default.kind).label
    return f"{Loan.Service(default.service).label}, {what}, {Audience(default.audience).label.lower()}"


def restore(template: Template, *, subject: str, body: str) -> TemplateVersion:
    """The default wording as a new version; the earlier ones are kept."""
    newest = template.versions.order_by("-number").values_list("number", flat=True).first() or 0
    version = TemplateVersion.objects.create(
        template=template, number=newest + 1, subject=subject, body=body, is_default=True
    )
    template.current = version
    template.save(update_fields=["current"])
    return version
