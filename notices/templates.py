"""Change what letters say: save wording, restore the default or an earlier version, begin a template that is missing.

A version is never changed, only followed by the next, and only wording that makes letters becomes one. Letters that
were written before keep their words; who is written to later, or again, gets the new ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User
from django.db import transaction

from circulation.models import Loan
from library.models import Library
from notices import defaults, samples, trial
from notices.language import TemplateError
from notices.letter_data import LibraryData
from notices.models import Audience, Letter, Schedule, Step, Template, TemplateVersion
from notices.models.schedule import step_name
from smtp_gateway.models import OutboundMessage

TOLD = {
    Step.Who.PATRON: (Audience.PATRON,),
    Step.Who.GUARDIANS: (Audience.GUARDIAN, Audience.PATRON),
    Step.Who.BOTH: (Audience.PATRON, Audience.GUARDIAN),
    Step.Who.CONTACT: (Audience.CONTACT,),
    Step.Who.PARTNER: (Audience.PARTNER,),
}
"""Whose wording a step needs: who has nobody at home is told in place of a home."""

WAITS = (
    OutboundMessage.State.WAITING,
    OutboundMessage.State.HELD,
)


class WordingRefused(Exception):
    """This wording makes no letters. ``errors`` say where, and what to do."""

    def __init__(self, errors: list[TemplateError]) -> None:
        super().__init__(" ".join(map(str, errors)))
        self.errors = errors


class Overtaken(Exception):
    """Somebody else saved ``newest`` after this wording was opened."""

    def __init__(self, newest: TemplateVersion) -> None:
        super().__init__(f"{newest} was saved meanwhile.")
        self.newest = newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A step of a schedule in force whose letters to this audience could not be written."""

    schedule: Schedule
    number: int
    audience: Audience

    def __str__(self) -> str:
        return f"{step_name(self.number)} to {self.audience.label.lower()}"


def save(
    template: Template, *, subject: str, body: str, opened: int | None, by: User | None, on: date
) -> TemplateVersion:
    """The next version of this template, in use from now on; the present one where nothing was changed.

    ``opened`` is the id of the version that the author began with. Raises Overtaken where it is no longer the newest,
    WordingRefused where the wording makes no letters; nothing is saved then.
    """
    subject, body = _tidy(subject, body)
    about = samples.every(template, library=LibraryData.of(Library.the()), on=on)
    errors = trial.errors(subject=subject, body=body, audience=Audience(template.audience), about=about)
    if errors:
        raise WordingRefused(errors)
    with transaction.atomic():
        current = _locked(template)
        if current is not None and current.pk != opened:
            raise Overtaken(current)
        if current is not None and _tidy(current.subject, current.body) == (subject, body):
            return current
        return _next(template, subject=subject, body=body, by=by)


def restore_default(template: Template, *, by: User | None = None) -> TemplateVersion:
    """The wording that comes with the program, as a new version. Raises LookupError where it brings none."""
    default = default_of(template)
    if default is None:
        raise LookupError(f"The program brings no wording for {template}.")
    with transaction.atomic():
        _locked(template)
        return _next(template, subject=default.subject, body=default.body, by=by)


def restore(version: TemplateVersion, *, by: User | None) -> TemplateVersion:
    """An earlier wording as the newest version."""
    with transaction.atomic():
        _locked(version.template)
        return _next(version.template, subject=version.subject, body=version.body, by=by)


def default_of(template: Template) -> defaults.DefaultTemplate | None:
    """The wording that comes with the program for this template, if it brings one."""
    wanted = (template.service, template.kind, template.number, template.audience)
    shipped = (one for one in defaults.load() if (one.service, one.kind, one.number, one.audience) == wanted)
    return next(shipped, None)


def begin(*, service: Loan.Service, number: int, audience: Audience) -> Template:
    """A template for a step that the program brings no wording for; it has none until somebody saves some."""
    template, _ = Template.objects.get_or_create(
        kind=Template.Kind.STEP,
        service=service,
        audience=audience,
        number=number,
        defaults={"name": name(service=service, kind=Template.Kind.STEP, number=number, audience=audience)},
    )
    return template


def to_begin_with(template: Template) -> tuple[str, str]:
    """Subject and body for the first version: those of the nearest step to the same audience."""
    nearest = (
        Template.objects.filter(kind=template.kind, audience=template.audience, current__isnull=False)
        .exclude(pk=template.pk)
        .select_related("current")
    )
    wanted = template.number or 0
    ranked = sorted(
        nearest,
        key=lambda one: (
            one.service != template.service,
            ((one.number or 0) > 0) != (wanted > 0),
            abs((one.number or 0) - wanted),
        ),
    )
    if not ranked or ranked[0].current is None:
        return "", "Dear {{ dear }},\n\n\n{{ foot }}\n"
    return ranked[0].current.subject, ranked[0].current.body


def name(*, service: str, kind: str, number: int | None, audience: str) -> str:
    """A template's fixed name: *Circulation, Overdue 2, to a parent or carer*."""
    what = step_name(number) if number is not None else Template.Kind(kind).label
    return f"{Loan.Service(service).label}, {what}, {Audience(audience).label.lower()}"


def waiting(template: Template) -> int:
    """How many letters with this wording are written and have not left the house. Each count has its index."""
    theirs = Letter.objects.filter(template_version__template=template)
    by_email = theirs.filter(state=Letter.State.QUEUED, message__state__in=WAITS).count()
    return by_email + theirs.held().count() + theirs.to_print().count()


def missing(schedules: Iterable[Schedule]) -> list[Missing]:
    """What the schedules in force would want to say and cannot."""
    worded = set(
        Template.objects.filter(kind=Template.Kind.STEP, current__isnull=False).values_list(
            "service", "number", "audience"
        )
    )
    wanted = {
        (schedule.service, step.number, audience): Missing(schedule=schedule, number=step.number, audience=audience)
        for schedule in schedules
        if not schedule.no_letters
        for step in schedule.steps.all()
        for audience in TOLD[Step.Who(step.who)]
    }
    return [one for key, one in wanted.items() if key not in worded]


def _locked(template: Template) -> TemplateVersion | None:
    """The version in use, held still until the transaction ends."""
    return Template.objects.select_for_update(of=("self",)).select_related("current").get(pk=template.pk).current


def _next(template: Template, *, subject: str, body: str, by: User | None) -> TemplateVersion:
    newest = template.versions.order_by("-number").values_list("number", flat=True).first() or 0
    default = default_of(template)
    version = TemplateVersion.objects.create(
        template=template,
        number=newest + 1,
        subject=subject,
        body=body,
        is_default=default is not None and _tidy(subject, body) == _tidy(default.subject, default.body),
        by=by,
    )
    template.current = version
    template.save(update_fields=["current"])
    return version


def _tidy(subject: str, body: str) -> tuple[str, str]:
    """As it is kept, whatever a browser made of its line ends."""
    return " ".join(subject.split()), body.replace("\r\n", "\n").replace("\r", "\n").strip("\n") + "\n"
