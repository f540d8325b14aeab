"""Ready-made schedules and default wording: made once, put back on demand, and never over somebody's own words."""

import pytest

from notices import defaults, presets, standing
from notices.models import Audience, Schedule, Step, Template, TemplateVersion
from tests.builders import a_group

pytestmark = pytest.mark.django_db


def test_set_up_twice_makes_the_wording_once() -> None:
    """Every default has its template and one version."""
    standing.set_up()
    standing.set_up()

    assert Template.objects.count() == len(defaults.load())
    assert TemplateVersion.objects.count() == len(defaults.load())


def test_own_wording_stays() -> None:
    """A librarian's words are not replaced when the program is upgraded."""
    standing.set_up()
    template = Template.objects.filter(kind=Template.Kind.STEP).first()
    assert template is not None
    template.current = TemplateVersion.objects.create(template=template, number=2, subject="Ours", body="Our words.")
    template.save()

    standing.set_up()

    assert Template.objects.get(pk=template.pk).current == template.current


def test_untouched_wording_follows_the_program() -> None:
    """An older default becomes the newer one, and stays on file."""
    standing.set_up()
    template = Template.objects.filter(kind=Template.Kind.STEP).select_related("current").first()
    assert template is not None
    assert template.current is not None
    TemplateVersion.objects.filter(pk=template.current.pk).update(body="Words of last year.")

    standing.set_up()

    versions = template.versions.order_by("number").values_list("number", "is_default")
    assert list(versions) == [(1, True), (2, True)]
    assert Template.objects.get(pk=template.pk).current == template.versions.get(number=2)


@pytest.mark.parametrize("key", presets.PRESETS)
def test_every_step_of_a_preset_has_its_wording(key: str) -> None:
    """No preset loaded on the first morning ends in letters that cannot be written."""
    standing.set_up()
    audiences = {
        Step.Who.PATRON: [Audience.PATRON],
        Step.Who.GUARDIANS: [Audience.GUARDIAN, Audience.PATRON],
        Step.Who.BOTH: [Audience.PATRON, Audience.GUARDIAN],
        Step.Who.PARTNER: [Audience.PARTNER],
        Step.Who.CONTACT: [Audience.CONTACT],
    }

    schedule = presets.load(key)

    missing = [
        (step.number, audience)
        for step in schedule.steps.all()
        for audience in audiences[Step.Who(step.who)]
        if not Template.objects.filter(service=schedule.service, number=step.number, audience=audience).exists()
    ]
    assert missing == []


def test_a_preset_put_back_keeps_its_steps_and_groups() -> None:
    """Days that were changed are as they came; rows and numbers are the same ones."""
    seven = a_group()
    schedule = presets.load("secondary_school", groups=[seven])
    before = list(schedule.steps.values_list("pk", "number", "days"))
    schedule.steps.filter(number=1).update(days=10)

    again = presets.load("secondary_school")

    assert list(again.steps.values_list("pk", "number", "days")) == before
    assert list(again.groups.all()) == [seven]
    assert Schedule.objects.count() == 1
