"""Due notices: who gets what, who is left out and why, and processing all of it or what is ticked (product.md, N9)."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from circulation.models import Loan
from notices import standing
from notices.models import Notice, Run, RunSettings, Step
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.notices.builders import a_notice, a_schedule, by_the_clock

TODAY = timezone.localdate()


@pytest.fixture
def loans(db: None) -> dict[str, Loan]:
    """Mia by email although 7B's letters do not go by themselves, Tom on paper, Ruby not at all; one was told."""
    standing.set_up()
    RunSettings.objects.update(enabled=True, weekdays=list(range(7)), on_closed_days=True)
    a_schedule(1, 7, goes_by_itself=True, who=Step.Who.PATRON)
    late, group = TODAY - timedelta(days=2), a_group(name="7B", auto_send=False)
    made = {
        "mia": a_loan(
            due=late, patron=a_patron(first_name="Mia", last_name="Chen", group=group), item=an_item(title="Holes")
        ),
        "tom": a_loan(due=late, patron=a_patron(first_name="Tom", last_name="Lee", email="")),
        "ruby": a_loan(due=late, patron=a_patron(first_name="Ruby", no_letters_until=TODAY + timedelta(days=9))),
        "told": a_loan(due=late, patron=a_patron(first_name="Asha")),
    }
    a_notice(loan=made["told"], number=1, said=TODAY - timedelta(days=1))
    return made


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"/due-notices/{query}")
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


def pressed(client: Client, address: str, **fields: object) -> str:
    answer = client.post(address, fields, follow=True)
    return " ".join(unescape(answer.content.decode()).split())


def test_today_is_by_hand(librarian: Client, loans: dict[str, Loan]) -> None:
    """Two letters, each with its reader and its way; nothing is written by looking."""
    found = page(librarian)

    assert "<strong>2 letters</strong>" in found
    assert "Overdue 1 to Mia Chen by email." in found
    assert "Overdue 1 to Tom Lee on paper." in found
    assert "Process all 2" in found
    assert Run.objects.count() == 0


def test_who_is_left_out_and_why(librarian: Client, loans: dict[str, Loan]) -> None:
    """Each outcome is a list with as many rows as its number says."""
    quiet = page(librarian, "?tab=no_letters")
    told = page(librarian, "?tab=already_told")

    assert "<b>1</b> no letters" in quiet
    assert "Ruby gets no letters before" in quiet
    assert "Overdue 1 was said on" in told


def test_as_the_daily_run_would(librarian: Client, loans: dict[str, Loan]) -> None:
    """What does not go by itself is left out, and there is nothing to press."""
    found = page(librarian, "?by=clock&tab=no_auto_send")

    assert "Letters of 7B do not go by themselves." in found
    assert "Process" not in found


def test_a_daily_run_that_was_made(librarian: Client, loans: dict[str, Loan]) -> None:
    """Today's is over; every tab says so, and none breaks."""
    by_the_clock(TODAY)

    pages = [page(librarian, f"?by=clock&tab={tab}") for tab in ("told", "letters", "no_letters")]

    assert all("Its daily run is not to come any more." in found for found in pages)


def test_a_day_ahead_is_a_view(librarian: Client, loans: dict[str, Loan]) -> None:
    """In five days the second step comes; the letters of that day, and no button."""
    day = TODAY + timedelta(days=5)

    found = page(librarian, f"?day={day:%Y-%m-%d}&tab=letters&step=2")

    assert "<b>2</b> letters" in found
    assert "Process" not in found


def test_a_filter_keeps_one_group(librarian: Client, loans: dict[str, Loan]) -> None:
    """Its loans alone are asked about."""
    group = loans["mia"].patron.group_id  # type: ignore[union-attr]

    found = page(librarian, f"?group={group}")

    assert "Mia Chen" in found
    assert "Tom Lee" not in found
    assert "Process all 1" in found


def test_only_what_is_ticked_is_processed(librarian: Client, loans: dict[str, Loan]) -> None:
    """The page before names the numbers; then the ledger has it, and the next daily run does not say it again."""
    asked = pressed(librarian, "/due-notices/process/", id=loans["mia"].pk)
    done = pressed(librarian, "/due-notices/process/now/", id=loans["mia"].pk)
    by_the_clock(TODAY)

    assert "Process 1 loan?" in asked
    assert "1 letter about 1 loan will be written within a minute" in done
    assert Notice.objects.filter(loan=loans["mia"]).count() == 1
    assert Run.objects.filter(by_clock=False).get().looked_at == 1


def test_all_of_a_filter_is_processed(librarian: Client, loans: dict[str, Loan]) -> None:
    """On paper alone: Tom, and nobody else."""
    asked = pressed(librarian, "/due-notices/process/", channel="paper")
    pressed(librarian, "/due-notices/process/now/", channel="paper")

    assert "0 by email, 1 on paper" in asked
    assert list(Notice.objects.filter(run__by_clock=False).values_list("loan", flat=True)) == [loans["tom"].pk]


def test_nothing_to_process(librarian: Client, loans: dict[str, Loan]) -> None:
    """*No letters* holds at this door, too."""
    found = pressed(librarian, "/due-notices/process/", id=loans["ruby"].pk)

    assert "Nothing is to be said of these loans now." in found
    assert Run.objects.count() == 0


def test_the_letters_are_read_before(librarian: Client, loans: dict[str, Loan]) -> None:
    """In the words in which they will go."""
    answer = librarian.get(f"/due-notices/loan/{loans['mia'].pk}/")

    assert "Holes" in answer.content.decode()


def test_the_list_as_a_file(librarian: Client, loans: dict[str, Loan]) -> None:
    """What is said to whom; a title that looks like a formula is text."""
    item = loans["mia"].item
    item.title = "=1+1"
    item.save()

    answer = librarian.get("/due-notices/?as=csv")

    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "Who,Title,Barcode,Due,What is said"
    assert (
        lines[1] == f'"Mia Chen, 7B",\'=1+1,{item.barcode},{TODAY - timedelta(days=2)},Overdue 1 to Mia Chen by email.'
    )


def test_nonsense_in_the_address(librarian: Client, loans: dict[str, Loan]) -> None:
    """A day that is none, a tab that is none, a day long ago: today."""
    found = page(librarian, "?day=sometime&tab=nonsense&group=x")
    past = page(librarian, "?day=2001-01-01")

    assert "Process all 2" in found
    assert "Process all 2" in past
