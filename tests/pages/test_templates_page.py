"""Templates on their pages: the list, the editor with its letter, what is refused, and the versions."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from library.access import Role
from notices import standing
from notices.models import Audience, Letter, Notice, Template
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_patron, an_item
from tests.notices.builders import a_schedule


@pytest.fixture
def administrator(client: Client, people: dict[Role, User]) -> Client:
    standing.set_up()
    client.force_login(people[Role.ADMINISTRATOR])
    return client


def overdue(number: int, audience: Audience = Audience.PATRON) -> Template:
    return Template.objects.select_related("current").get(service="circulation", number=number, audience=audience)


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def typed(template: Template, **changes: object) -> dict[str, object]:
    """What the editor's form would post."""
    current = template.current
    assert current is not None
    return {"subject": current.subject, "body": current.body, "opened": current.pk, "for": "", **changes}


def post(client: Client, template: Template, verb: str, *, htmx: bool = False, **changes: object) -> HttpResponse:
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(f"/templates/{template.pk}/{verb}/", typed(template, **changes), headers=headers)  # type: ignore[return-value]


def test_the_list_says_whose_words_they_are(administrator: Client) -> None:
    """Every service and audience; own wording has its day and its author."""
    post(administrator, overdue(2), "save", body="Hi {{ dear }}, come.\n\n{{ foot }}")

    page = text_of(administrator.get("/templates/"))

    assert "1\u00a0letter speaks in your own words, the others in the default wording." in page
    assert "Overdue 2, to patrons: your own wording" in page
    assert "Overdue 1, to patrons: default wording" in page
    assert "Overdue 3, to partner libraries: default wording" in page


def test_a_step_without_wording_can_be_written(administrator: Client) -> None:
    """The list says that it is missing, and the button leads to an editor that begins with the nearest step."""
    a_schedule(1, 2, 3, 4, 5)

    page = text_of(administrator.get("/templates/"))
    asked = {"service": "circulation", "number": "5", "audience": "patron"}
    editor = text_of(administrator.post("/templates/new/", asked, follow=True))

    assert "1\u00a0letter that a schedule wants has no wording yet." in page
    assert "It has no wording yet; the words below are those of the nearest step, to begin with." in editor
    assert Template.objects.get(number=5).current is None


@pytest.mark.parametrize("number", ["0", "-10", "31", "x", ""])
def test_a_number_that_is_no_step_is_refused(administrator: Client, number: str) -> None:
    """In a sentence, and nothing is made."""
    before = Template.objects.count()

    asked = {"service": "circulation", "number": number, "audience": "patron"}
    page = text_of(administrator.post("/templates/new/", asked, follow=True))

    assert "A step has a number from −9 to 30, but not 0" in page
    assert Template.objects.count() == before


def test_the_editor_shows_the_letter(administrator: Client) -> None:
    """For a sample at first: the words as text, what could be better, and the fields with an example."""
    a_schedule(1, 7)

    page = text_of(administrator.get(f"/templates/{overdue(2, Audience.GUARDIAN).pk}/"))

    assert "No schedule says this step to these readers." in page
    assert "Subject: Library books to look for at home" in page
    assert "Dear Wei Chen," in page
    assert 'data-insert="{{ names }}"' in page
    assert "Mia and Leo" in page


def test_the_schedules_that_use_it_are_named(administrator: Client) -> None:
    """With the days on which the step is said."""
    a_schedule(1, 7, name="Secondary school")

    page = text_of(administrator.get(f"/templates/{overdue(2).pk}/"))

    assert "Used by <strong>Secondary school</strong>, 7 days late." in " ".join(page.split())


def test_the_html_is_shown_in_a_frame_of_its_own(administrator: Client, people: dict[Role, User]) -> None:
    """Signed for this person, with the policy of letters; no address holds anything about anybody."""
    page = administrator.get(f"/templates/{overdue(1).pk}/").content.decode()
    signed = signature_in(page)

    shown = administrator.post("/templates/preview-html/", {"letter": signed})
    administrator.force_login(User.objects.create_superuser("another"))
    refused = administrator.post("/templates/preview-html/", {"letter": signed})
    forged = administrator.post("/templates/preview-html/", {"letter": "<script>alert(1)</script>"})

    assert shown.content.decode().startswith("<!DOCTYPE html><html")
    assert shown["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert shown["X-Frame-Options"] == "SAMEORIGIN"
    assert (refused.status_code, forged.status_code) == (400, 400)


def test_while_typing_the_letter_follows(administrator: Client) -> None:
    """The part that htmx swaps: the letter alone, in the words that are not saved."""
    answer = post(administrator, overdue(1), "preview", htmx=True, body="Hi {{ dear }}, *come*.")

    assert "Hi Mia, come." in text_of(answer)
    assert "<html" not in text_of(answer)
    assert overdue(1).versions.count() == 1


def test_a_mistake_is_quoted_with_a_caret(administrator: Client) -> None:
    """By line and column, with what was probably meant; the letter that worked stays where it is."""
    answer = post(
        administrator, overdue(1), "preview", htmx=True, body="Hi {{ dear }},\n\nabout {{ book.titel }} again"
    )

    page = text_of(answer)
    assert answer["HX-Reswap"] == "none"
    assert "<strong>Line 3, column 10:</strong> There is no field “book.titel” in this letter. Did you mean" in page
    assert "about {{ book.titel }} again\n         ^^^^^^^^^^</pre>" in page
    assert "Use book.title" in page


def test_a_refusal_gives_the_text_back(administrator: Client) -> None:
    """Nothing is saved, nothing typed is lost."""
    answer = post(administrator, overdue(1), "save", subject="My subject", body="My words {{ nobody }} <b>")

    assert answer.status_code == 422
    assert "My words {{ nobody }} <b></textarea>" in text_of(answer)
    assert 'value="My subject"' in text_of(answer)
    assert overdue(1).versions.count() == 1


def test_the_second_of_two_authors_is_told_who_was_first(administrator: Client) -> None:
    """Her words are kept; saving them after the other's is one more click."""
    template = overdue(1)
    post(administrator, template, "save", body="The first, {{ dear }}.")

    told = post(administrator, template, "save", body="The second, {{ dear }}.")
    newest = overdue(1).current
    assert newest is not None
    after = post(administrator, template, "save", body="The second, {{ dear }}.", opened=newest.pk)

    assert told.status_code == 409
    assert "Helen Marsh saved version 2 on" in text_of(told)
    assert "The second, {{ dear }}.</textarea>" in text_of(told)
    assert after.status_code == 302
    assert overdue(1).versions.count() == 3


def test_what_happens_to_letters_that_wait_is_said(administrator: Client) -> None:
    """They keep the words in which they were written."""
    template = overdue(1)
    patron = a_patron()
    Letter.objects.create(
        service="circulation",
        audience="patron",
        channel="paper",
        state=Letter.State.TO_PRINT,
        number=1,
        day=timezone.localdate(),
        patron=patron,
        template_version=template.current,
    )

    page = text_of(administrator.get(f"/templates/{template.pk}/"))
    saved = text_of(
        administrator.post(f"/templates/{template.pk}/save/", typed(template, body="Hi {{ dear }}."), follow=True)
    )

    assert "1\u00a0letter with this wording waits: it keeps the words in which it was written." in page
    assert "Saved as version 2. The next letter speaks so; 1 letter that waits keeps its words." in saved


def test_somebody_real_is_found_and_shown(administrator: Client) -> None:
    """A home with two children; titles only of the child whose group allows it. Nothing is kept."""
    today = timezone.localdate()
    a_schedule(3)
    mia = a_patron(group=a_group(name="7B", home_reads_titles=False), first_name="Mia", last_name="Chen")
    leo = a_patron(group=a_group(name="5A"), first_name="Leo", last_name="Chen", known_as="Lenny")
    wei = a_guardian(name="Wei Chen")
    for child, title in ((mia, "Holes"), (leo, "Storm Boy")):
        a_guardianship(patron=child, guardian=wei)
        a_loan(due=today.fromordinal(today.toordinal() - 5), patron=child, item=an_item(title=title))
    template = overdue(1, Audience.GUARDIAN)

    found = text_of(administrator.post(f"/templates/{template.pk}/people/", {"who": "mia ch"}))
    Template.objects.filter(pk=template.pk).update(number=9)  # a step of no schedule allows no titles
    private = text_of(
        post(administrator, Template.objects.get(pk=template.pk), "preview", **{"for": f"patron:{mia.pk}"})
    )
    Template.objects.filter(pk=template.pk).update(number=1)
    page = text_of(post(administrator, template, "preview", **{"for": f"patron:{mia.pk}"}))

    assert "<bdi>Mia Chen, 7B</bdi>" in found
    assert f'value="patron:{mia.pk}"' in found
    assert "Storm Boy" not in private
    assert "Wei Chen: " in page
    assert ("Holes" in page, "Storm Boy" in page, "Lenny" in page) == (False, True, False)
    assert (Letter.objects.count(), Notice.objects.count()) == (0, 0)


def test_nobody_found_says_what_to_try(administrator: Client) -> None:
    """An empty answer is a sentence."""
    page = text_of(administrator.post(f"/templates/{overdue(1).pk}/people/", {"who": "zzz"}))

    assert "Nobody is called that. Try the beginning of a name, or the number on the card." in page


def test_versions_with_what_changed(administrator: Client) -> None:
    """Words are marked as new or gone, in text and not by colour alone; an old version comes back as a new one."""
    template = overdue(1)
    post(administrator, template, "save", subject="A book", body="Hi {{ dear }}, bring it back.")
    second = overdue(1)
    post(administrator, second, "save", subject="A book", body="Hi {{ dear }}, bring it home.")
    third = overdue(1)
    first_version = third.versions.get(number=1)

    page = text_of(administrator.get(f"/templates/{template.pk}/versions/"))
    restored = text_of(
        administrator.post(f"/templates/{template.pk}/restore/", {"version": first_version.pk}, follow=True)
    )

    assert "From version 2 to version 3" in page
    assert '<del><span class="visually-hidden">[gone: </span> back.<span class="visually-hidden">]</span></del>' in page
    assert '<ins><span class="visually-hidden">[new: </span> home.<span class="visually-hidden">]</span></ins>' in page
    assert "The wording of version 1 is in use again, as version 4." in restored
    assert overdue(1).current == third.versions.get(number=4)


def test_the_default_is_one_click_away(administrator: Client) -> None:
    """As a new version; the own wording stays on file."""
    template = overdue(1)
    post(administrator, template, "save", body="Hi {{ dear }}.")

    page = text_of(administrator.post(f"/templates/{template.pk}/restore/", {"version": "default"}, follow=True))

    assert "The default wording is in use again, as version 3." in page
    assert [one.is_default for one in template.versions.order_by("number")] == [True, False, True]


def test_a_version_of_another_template_is_not_restored_here(administrator: Client) -> None:
    """Ids come from a browser."""
    other = overdue(2).current
    assert other is not None

    answer = administrator.post(f"/templates/{overdue(1).pk}/restore/", {"version": other.pk})

    assert answer.status_code == 404


def test_an_endless_loop_leaves_the_page_alive(administrator: Client) -> None:
    """The child is stopped after two seconds of work, and the page says why."""
    rounds = "{% for i in (1..2) %}{% for j in (1..1000) %}"
    body = rounds + ("{{ ''" + " | upcase" * 53 + " }}") * 39 + "{% endfor %}{% endfor %}"

    answer = post(administrator, overdue(1), "save", body=body)

    assert answer.status_code == 422
    assert "This wording takes more than two seconds to become a letter, so it was stopped." in text_of(answer)


def signature_in(page: str) -> str:
    found = re.search(r'name="letter" value="([^"]+)"', page)
    assert found is not None
    return found[1]
