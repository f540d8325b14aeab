"""Wording is saved as versions: sound wording only, one author at a time, and the way back is always open."""

from datetime import date

import pytest

from circulation.models import Loan
from notices import letters, preview, rendering, standing, templates
from notices.models import Audience, Letter, Schedule, Step, Template, TemplateVersion
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_patron, an_item

from .builders import a_gateway_with_an_address, a_schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def template() -> Template:
    """Overdue 2 to patrons, in the default wording."""
    standing.set_up()
    return Template.objects.get(service="circulation", number=2, audience=Audience.PATRON)


def saved(template: Template, body: str, today: date, *, opened: TemplateVersion | None = None) -> TemplateVersion:
    opened = opened or template.current
    return templates.save(
        template, subject="A book", body=body, opened=opened.pk if opened else None, by=None, on=today
    )


def test_a_version_follows_the_one_before(template: Template, today: date):
    """The earlier wording stays on file, and the newest is in use."""
    version = saved(template, "Hi {{ dear }}\r\n\r\n{{ books }}\r\n\r\n{{ foot }}\r\n\r\n", today)

    template.refresh_from_db()
    assert (version.number, version.is_default, version.body) == (
        2,
        False,
        "Hi {{ dear }}\n\n{{ books }}\n\n{{ foot }}\n",
    )
    assert template.current == version
    assert list(template.versions.values_list("number", flat=True)) == [2, 1]


def test_saving_the_same_words_saves_nothing(template: Template, today: date):
    """Ctrl+S twice, or a browser's own line ends, make no version."""
    assert template.current is not None
    words = template.current.body.replace("\n", "\r\n")

    version = templates.save(
        template, subject=template.current.subject, body=words, opened=template.current.pk, by=None, on=today
    )

    assert version == template.current
    assert template.versions.count() == 1


@pytest.mark.parametrize(
    ("body", "sentences"),
    [
        (
            "{{ book.titel }}",
            ["Line 1, column 4: There is no field “book.titel” in this letter. Did you mean “book.title”?"],
        ),
        ("{% if dear %}", ["Line 1, column 1: This is not closed: “{% endif %}” is missing."]),
        ("{% for i in (1..1000) %}" + "much " * 3000 + "{% endfor %}", ["The letter is longer than 100 kB."]),
    ],
)
def test_only_wording_that_makes_letters_is_saved(template: Template, today: date, body: str, sentences: list[str]):
    """A mistake is refused with its place; the wording in use stays in use."""
    with pytest.raises(templates.WordingRefused) as refusal:
        saved(template, body, today)

    assert [str(error) for error in refusal.value.errors] == sentences
    assert template.versions.count() == 1


def test_the_second_of_two_authors_is_told(template: Template, today: date):
    """Both opened version 1; what the first one saved is not lost without a word."""
    opened = template.current
    first = saved(template, "Hi {{ dear }}, the first.", today, opened=opened)

    with pytest.raises(templates.Overtaken) as refusal:
        saved(template, "Hi {{ dear }}, the second.", today, opened=opened)

    assert refusal.value.newest == first
    assert saved(template, "Hi {{ dear }}, the second.", today, opened=first).number == 3


def test_the_default_and_an_earlier_version_come_back_as_new_versions(template: Template, today: date):
    """Nothing is taken from the past: going back is a version like any other."""
    own = saved(template, "Hi {{ dear }}, come.", today)
    default = templates.restore_default(template)
    back = templates.restore(own, by=None)

    template.refresh_from_db()
    assert [(one.number, one.is_default) for one in template.versions.order_by("number")] == [
        (1, True),
        (2, False),
        (3, True),
        (4, False),
    ]
    assert (default.body, back.body) == (template.versions.get(number=1).body, own.body)
    assert template.current == back


def test_a_new_release_leaves_own_wording_alone(template: Template, today: date):
    """set_up runs at each start: wording that somebody changed stays."""
    own = saved(template, "Hi {{ dear }}, come.", today)

    standing.set_up()

    template.refresh_from_db()
    assert template.current == own


def test_a_step_without_wording_is_missed(template: Template):
    """A schedule with five steps wants a fifth letter; who has nobody at home is told in place of a home."""
    a_schedule(1, 7, 14, 21, 28, who=Step.Who.GUARDIANS)

    missing = templates.missing(Schedule.objects.in_force())

    assert [str(one) for one in missing] == ["Overdue 5 to parent or carer", "Overdue 5 to patron"]


def test_wording_for_another_step_begins_with_the_nearest(template: Template, today: date):
    """An author does not begin with an empty page, and nothing is in use before something is saved."""
    new = templates.begin(service=Loan.Service.CIRCULATION, number=5, audience=Audience.PATRON)
    nearest = Template.objects.get(service="circulation", number=4, audience=Audience.PATRON).current
    assert nearest is not None

    assert (new.current, templates.to_begin_with(new)) == (None, (nearest.subject, nearest.body))
    assert new.name == "Circulation, Overdue 5, patron"
    assert saved(new, "Hi {{ dear }}", today).number == 1


@pytest.mark.parametrize("audience", [Audience.PATRON, Audience.GUARDIAN])
def test_what_is_shown_for_somebody_real_is_what_composing_would_write(audience: Audience, today: date):
    """The same loan as a letter by hand: the preview's data are those of the letter, and no row of it stays."""
    standing.set_up()
    a_gateway_with_an_address()
    who = Step.Who.GUARDIANS if audience == Audience.GUARDIAN else Step.Who.PATRON
    a_schedule(3, 7, 14, who=who)
    group = a_group(name="7B")
    patron = a_patron(group=group, first_name="Mia")
    a_guardianship(patron=patron, guardian=a_guardian())
    a_loan(due=on_day_late(today, 8), patron=patron, item=an_item(title="Holes"))
    template = Template.objects.select_related("current").get(service="circulation", number=1, audience=audience)
    assert template.current is not None

    shown = preview.shown(template, key=f"patron:{patron.pk}", on=today)
    left = (Letter.objects.count(), patron.loans.get().notices.count())
    run = letters.draft(1, audience=audience, groups=[group], on=today, by=None)

    draft = run.letters_of.get()
    words = rendering.compiled(subject=template.current.subject, body=template.current.body, audience=audience)
    assert rendering.render(words, shown.data) == (draft.subject, draft.text, draft.html)
    assert left == (0, 0)


def test_nobody_real_to_show_is_said(template: Template, today: date):
    """A patron without late books has no such letter; the sentence says what to do."""
    patron = a_patron(group=a_group(name="7B"), first_name="Mia", last_name="Chen")
    a_loan(due=today, patron=patron)

    with pytest.raises(preview.NobodyToShow) as reason:
        preview.shown(template, key=f"patron:{patron.pk}", on=today)

    assert str(reason.value) == "Mia Chen, 7B has nothing late today. Choose somebody else, or a sample."


def on_day_late(today: date, days: int) -> date:
    return date.fromordinal(today.toordinal() - days)
