"""Between screen and printer anything may happen: only what may be said lies ready, and nothing is marked unseen."""

from contextlib import suppress
from datetime import date
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from circulation import desk, people
from circulation.models import Loan, Patron
from notices import compose, paper, scan
from notices.models import Letter, Line
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule, morning_of, on_day, wording

TODAY = date(2026, 11, 23)
PATRONS, BOOKS = 3, 2
WORDS = "{% for book in books %}[{{ book.title }}]{% endfor %}"

events = st.lists(
    st.one_of(
        st.tuples(st.just("return"), st.integers(0, PATRONS * BOOKS - 1)),
        st.tuples(st.just("renew"), st.integers(0, PATRONS * BOOKS - 1)),
        st.tuples(st.just("hush"), st.integers(0, PATRONS - 1)),
        st.tuples(st.just("behind our back"), st.integers(0, PATRONS * BOOKS - 1)),
        st.tuples(st.just("prepare"), st.just(0)),
        st.tuples(st.just("look"), st.just(0)),
        st.tuples(st.just("mark"), st.integers(0, 3)),
    ),
    max_size=14,
)


class AtThePrinter(TestCase):
    @settings(max_examples=40)
    @given(events=events)
    def test_only_what_was_seen_and_may_be_said_is_marked(self, events: list[tuple[str, int]]) -> None:
        """Several people look and mark in any order; returns, renewals and silence come in between."""
        loans, patrons = self._a_class()
        screens: list[dict[int, int]] = [{}]
        words: dict[tuple[int, int], str] = {}
        marked: list[int] = []

        for what, which in events:
            if what in ("look", "prepare"):
                if what == "prepare":
                    paper.prepare(None, on=TODAY, at=morning_of(TODAY), by=None)
                lying = [sheet.letter for pile in paper.to_print(None, on=TODAY) for sheet in pile.sheets]
                screens.append({letter.pk: letter.revision for letter in lying})
                words |= {(letter.pk, letter.revision): letter.text for letter in lying}
                assert [letter.text for letter in lying] == [self._may_be_said(letter) for letter in lying]
            elif what == "mark":
                screen = screens[which % len(screens)]
                before = set(Letter.objects.printed().values_list("pk", flat=True))
                done = paper.mark(screen, at=morning_of(TODAY), by=None)
                now = Letter.objects.printed().exclude(pk__in=before)
                assert {letter.pk: letter.revision for letter in now}.items() <= screen.items()
                assert [letter.text for letter in now] == [words[letter.pk, letter.revision] for letter in now]
                assert done.printed == now.count()
                marked += [letter.pk for letter in now]
            else:
                self._happen(what, which, loans, patrons)

        assert sorted(marked) == sorted(set(marked))
        assert sum(one.letters for one in paper.counts(paper.waiting())) == paper.waiting().count()

    @staticmethod
    def _a_class() -> tuple[list[Loan], list[Patron]]:
        a_gateway_with_an_address()
        a_schedule(1)
        wording(1, body=WORDS)
        group, titles = a_group(year_level=7), count()
        patrons = [a_patron(group=group, email="") for _ in range(PATRONS)]
        loans = [
            a_loan(due=on_day(TODAY, -2), patron=patron, item=an_item(title=f"Book {next(titles)}"))
            for patron in patrons
            for _ in range(BOOKS)
        ]
        scan.run(on=on_day(TODAY, -1))
        compose.write_planned(on=on_day(TODAY, -1))
        return loans, patrons

    @staticmethod
    def _happen(what: str, which: int, loans: list[Loan], patrons: list[Patron]) -> None:
        verbs: dict[str, Any] = {
            "return": lambda: desk.take_back(loans[which], on=TODAY, at=morning_of(TODAY)),
            "renew": lambda: desk.change_due(loans[which], to=on_day(TODAY, 7), on=TODAY),
            "hush": lambda: people.stop_letters([patrons[which].pk], reason="A hard week"),
            "behind our back": lambda: Loan.objects.filter(pk=loans[which].pk).update(status=Loan.Status.LOST),
        }
        with suppress(desk.DeskError):  # it came back before
            verbs[what]()

    @staticmethod
    def _may_be_said(letter: Letter) -> str:
        """The words of this letter, from what is true now."""
        patron = Patron.objects.get(pk=letter.patron_id)
        lines = Line.objects.filter(letter=letter).select_related("notice__loan__item")
        wanted = sorted(
            line.notice.loan.item.title
            for line in lines
            if line.notice.loan.returned_on is None
            and line.notice.loan.status == Loan.Status.ON_LOAN
            and line.notice.loan.due_on == line.notice.due_on
            and patron.no_letters_until is None
        )
        return "".join(f"[{title}]" for title in wanted) + "\n"
