"""Where nothing changes, what *Why?*, forecast and Due notices say is what the runs then do (product.md, N9 to N12).

Random schedules, loans, families, addresses, closed days and things said before; the daily run on, days rehearsed, then
made in earnest and compared.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from circulation.calendar import OpenDays
from circulation.models import Group, Guardian, Loan, Patron
from library.models import Library
from notices import compose, due_notices, forecast, next_letter, ready, said, scan, standing, why
from notices.due_notices import Asked
from notices.models import Letter, Notice, Outcome, Run, RunSettings, Schedule, Step
from tests.builders import a_closed_day, a_group, a_guardian, a_guardianship, a_loan, a_partner, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_schedule, by_the_clock

pytestmark = pytest.mark.django_db

Fields = dict[str, Any]
MONDAY = date(2026, 11, 23)
AHEAD = timedelta(days=15)

schedules = st.fixed_dictionaries(
    {
        "days": st.lists(st.integers(-4, 20), min_size=1, max_size=4, unique=True),
        "climb": st.booleans(),
        "count": st.sampled_from(Schedule.Count.values),
        "stop_after": st.integers(5, 40),
        "repeat_days": st.one_of(st.none(), st.integers(2, 6)),
        "days_between": st.sampled_from([0, 0, 2, 5]),
        "weekdays": st.sampled_from([[], [], [0, 3], [2]]),
        "on_library_day": st.sampled_from([False, False, True]),
        "letter_per_loan": st.booleans(),
        "who": st.sampled_from([Step.Who.PATRON, Step.Who.GUARDIANS, Step.Who.BOTH]),
        "how": st.sampled_from(Step.How.values),
    }
)
children = st.lists(
    st.fixed_dictionaries(
        {
            "email": st.booleans(),
            "home": st.sampled_from(["none", "shared", "own", "off"]),
            "auto_send": st.sampled_from(["group", "group", "no"]),
            "quiet_for": st.sampled_from([None, None, 3, 400]),
            "group": st.integers(0, 1),
            "loans": st.lists(
                st.tuples(st.integers(-45, 12), st.sampled_from([*["on_loan"] * 4, "billed", "extension_asked"])),
                min_size=1,
                max_size=3,
            ),
        }
    ),
    min_size=1,
    max_size=4,
)
earlier_runs = st.sets(st.integers(1, 9), max_size=3)
closed = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 6)), max_size=2)


@contextmanager
def a_library(
    first: Fields, second: Fields, family: list[Fields], earlier: set[int], shut: list[tuple[int, int]]
) -> Iterator[None]:
    """Two groups with a schedule each, children with loans, a partner library, and what earlier runs have said."""
    with transaction.atomic():
        groups = [a_group(library_day=2), a_group()]
        for group, fields in zip(groups, (first, second), strict=True):
            given_days = fields["days"]
            a_schedule(
                *given_days, groups=[group], goes_by_itself=True, **{k: v for k, v in fields.items() if k != "days"}
            )
        a_schedule(1, 7, service=Loan.Service.ILL_LENDING, who=Step.Who.PARTNER, goes_by_itself=True)
        for begins, lasts in shut:
            a_closed_day(day=MONDAY + timedelta(days=begins), until=MONDAY + timedelta(days=begins + lasts))
        RunSettings.objects.update_or_create(pk=1, defaults={"enabled": True})
        Library.the()
        shared = a_guardian()
        for child in family:
            a_child(child, group=groups[child["group"]], shared=shared)
        a_loan(due=MONDAY - timedelta(days=2), partner=a_partner())
        for back in sorted(earlier, reverse=True):
            scan.run(on=MONDAY - timedelta(days=back))
        Letter.objects.update(state=Letter.State.PRINTED)
        yield
        transaction.set_rollback(True)


def a_child(child: Fields, *, group: Group, shared: Guardian) -> Patron:
    until = MONDAY + timedelta(days=child["quiet_for"]) if child["quiet_for"] else None
    email = {} if child["email"] else {"email": ""}
    patron = a_patron(group=group, auto_send=child["auto_send"], no_letters_until=until, **email)  # type: ignore[arg-type]
    if child["home"] == "shared":
        a_guardianship(patron=patron, guardian=shared)
    elif child["home"] != "none":
        a_guardianship(patron=patron, library_letters=child["home"] == "own")
    for late, status in child["loans"]:
        quiet = MONDAY + timedelta(days=5) if status == "extension_asked" else None
        a_loan(due=MONDAY + timedelta(days=late), patron=patron, status=status, quiet_until=quiet)
    return patron


def writes(day: date) -> bool:
    return ready.why_quiet(RunSettings.the(), on=day, open_days=OpenDays.load()) is None


def what_was_said(run: Run) -> set[tuple[int, int, bool, frozenset[tuple[str, bool]]]]:
    """Of each loan: step, whether again, and every reader with the way."""
    said = set()
    for notice in Notice.objects.filter(run=run):
        letters = Letter.objects.filter(notices=notice)
        readers = frozenset((str(one.recipient), one.channel == "email") for one in letters)
        said.add((notice.loan_id, notice.number, notice.occurrence > 0, readers))
    return said


@settings(max_examples=15)
@given(first=schedules, second=schedules, family=children, earlier=earlier_runs, shut=closed)
def test_why_says_what_the_next_run_does(
    first: Fields, second: Fields, family: list[Fields], earlier: set[int], shut: list[tuple[int, int]]
) -> None:
    """The first run ahead that says anything of a loan says this step, to these readers, on that day."""
    with a_library(first, second, family, earlier, shut):
        loans = list(Loan.objects.values_list("pk", flat=True))
        answers = why.ask(loans, on=MONDAY, runs=AHEAD.days)

        happened: dict[int, tuple[date, set[Any]]] = {}
        for day in (MONDAY + timedelta(days=ahead) for ahead in range(AHEAD.days)):
            if writes(day):
                for loan, number, again, readers in what_was_said(by_the_clock(day)):
                    if happened.setdefault(loan, (day, set()))[0] == day:
                        happened[loan][1].add((number, again, readers))

        foretold = {
            loan: (
                answer.next.day,
                {
                    (one.step.number, one.again, frozenset((told.name, told.by_email) for told in one.tellings))
                    for one in answer.coming
                    if one.day == answer.next.day
                },
            )
            for loan, answer in answers.items()
            if answer.next and answer.next.day < MONDAY + AHEAD
        }
        assert foretold == happened


@settings(max_examples=15)
@given(first=schedules, second=schedules, family=children, earlier=earlier_runs, shut=closed)
def test_the_forecast_is_what_happens(
    first: Fields, second: Fields, family: list[Fields], earlier: set[int], shut: list[tuple[int, int]]
) -> None:
    """Fourteen days: letters by step and by channel, and quiet days; nothing is written by looking ahead."""
    with a_library(first, second, family, earlier, shut):
        notices, letters = Notice.objects.count(), Letter.objects.count()

        foretold = forecast.look_ahead(on=MONDAY)

        assert (Notice.objects.count(), Letter.objects.count()) == (notices, letters)
        for day in foretold:
            assert bool(day.quiet) == (not writes(day.day))
            written = Letter.objects.of_run(by_the_clock(day.day)) if not day.quiet else Letter.objects.none()
            by_step: dict[int, int] = {}
            for letter in written:
                by_step[letter.number] = by_step.get(letter.number, 0) + 1
            assert day.letters == by_step
            assert day.by_email == sum(letter.channel == "email" for letter in written)
            assert day.total == len(written) == sum(count for _, count in day.columns)


@settings(max_examples=15)
@given(first=schedules, second=schedules, family=children, earlier=earlier_runs, chosen=st.integers(0, 3))
def test_due_notices_are_what_a_run_by_hand_does(
    first: Fields, second: Fields, family: list[Fields], earlier: set[int], chosen: int
) -> None:
    """All loans, or every so-many-th that is ticked: the counts, the letters, and every loan under one outcome."""
    with a_library(first, second, family, earlier, []):
        ticked = list(Loan.objects.order_by("pk").values_list("pk", flat=True))[::chosen] if chosen else None
        with due_notices.due(Asked(day=MONDAY, by_clock=False), on=MONDAY, ticked=ticked) as due:
            counts = due.counts()
            letters = sorted(due.letters().values_list("audience", "channel", "number"))
            listed = {outcome: due.loans([outcome]).count() for outcome in Outcome}

        run = scan.run(on=MONDAY, only=ticked)

        assert {outcome: count for outcome, count in counts.items() if count} == {
            outcome: count for outcome, count in run.outcomes() if count
        }
        assert listed == {outcome: counts[outcome] for outcome in Outcome}
        assert counts.total() == run.looked_at
        assert letters == sorted(run.letters_of.values_list("audience", "channel", "number"))


@settings(max_examples=10)
@given(first=schedules, second=schedules, family=children, earlier=earlier_runs)
def test_due_notices_of_a_day_ahead_are_the_daily_run(
    first: Fields, second: Fields, family: list[Fields], earlier: set[int]
) -> None:
    """One group alone is shown as the whole run treats it: siblings elsewhere have their say in the days between."""
    with a_library(first, second, family, earlier, []):
        group = Patron.objects.earliest("pk").group
        asked = Asked(day=MONDAY + timedelta(days=3), by_clock=True, group=group.pk)
        with due_notices.due(asked, on=MONDAY) as due:
            told = set(due.loans([Outcome.EMAIL, Outcome.PAPER]).values_list("pk", flat=True))

        runs = [by_the_clock(MONDAY + timedelta(days=ahead)) for ahead in range(4)]

        happened = Notice.objects.filter(run=runs[-1], loan__patron__group=group)
        assert told == set(happened.values_list("loan", flat=True))


@settings(max_examples=8)
@given(first=schedules, second=schedules, family=children, earlier=earlier_runs, ahead=st.integers(0, 3))
def test_every_letter_of_a_day_is_shown_as_it_goes(
    first: Fields, second: Fields, family: list[Fields], earlier: set[int], ahead: int
) -> None:
    """To the byte: reader, address, way, subject, text and HTML of all letters of a daily run, seen from a loan's page
    or from Due notices days before."""
    with a_library(first, second, family, earlier, []):
        standing.set_up()
        a_gateway_with_an_address()
        day = MONDAY + timedelta(days=ahead)
        loans = list(Loan.objects.order_by("pk"))
        shown = {
            (one.to, one.address, one.by_email, one.subject, one.text.rstrip(), one.html.rstrip())
            for loan in loans
            for one in next_letter.of_day(loan, day=day, on=MONDAY, by_clock=True)
            if not one.why
        }

        for before in range(ahead):
            by_the_clock(MONDAY + timedelta(days=before))
            compose.write_planned(on=MONDAY + timedelta(days=before))
        run = by_the_clock(day)
        compose.write_planned(on=day)

        written = Letter.objects.of_run(run).exclude(state=Letter.State.FAILED).select_related("message")
        assert shown == {
            (said.to_whom(one), one.to, one.channel == "email", one.subject, *map(str.rstrip, said.words_of(one)))
            for one in written
        }


def test_a_letter_is_read_before_it_is_written_to_the_byte(today: date) -> None:
    """Subject, text and HTML of the rehearsed letters are those of the run that follows."""
    standing.set_up()
    a_gateway_with_an_address()
    a_schedule(1, 7, who=Step.Who.BOTH, goes_by_itself=True)
    mia = a_patron(guardians=[a_guardian()])
    loans = [a_loan(due=today - timedelta(days=days), patron=mia) for days in (2, 9)]

    shown = next_letter.of_day(loans[0], day=today, on=today, by_clock=False)
    scan.run(on=today)
    compose.write_planned(on=today)

    sent = [(one.subject, *said.words_of(one)) for one in Letter.objects.select_related("message")]
    assert sorted((one.subject, one.text.strip(), one.html.strip()) for one in shown) == sorted(
        (subject, text.strip(), html.strip()) for subject, text, html in sent
    )
    assert len(shown) == 2
