"""Interlibrary loans with six partner libraries, both ways, at every step that ILLiad's schedules have."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from circulation.models import Item, Loan, PartnerLibrary, Patron
from library.demo.moments import Moment, Timetable
from library.demo.people import Folk
from library.demo.things import Shelves

Status = Loan.Status
A_WEEK = timedelta(days=7)

#: Name, symbol, address for email, postal address, days for the post.
PARTNERS = [
    ("Karri University Library", "KU", "ill@karri.example", "Document Supply\nKarri University\nKarri WA 6286", 7),
    ("Otway District Library", "OTW", "loans@otway.example", "4 Lighthouse Road\nOtway VIC 3233", 4),
    ("Mallee Regional Libraries", "MAL", "ill@mallee.example", "12 Saltbush Street\nMallee VIC 3490", 5),
    ("Snowy River Grammar School", "SRG", "library@snowyriver.example", "1 Gorge Road\nSnowy River VIC 3888", 5),
    ("Merri Creek Secondary College", "MCS", "", "200 Creek Parade\nMerri Flat VIC 3017", 3),
    ("Bass Strait Island Libraries", "BSI", "", "", 10),
]

#: What they lent us: a title, its author, whose it is.
BORROWED = [
    ("A History of Salt", "Ines Moreau", "KU"),
    ("The Tides of Bass Strait", "P. Arden", "BSI"),
    ("Wool and Weather: Letters from the Mallee", "Edith Garrow", "MAL"),
    ("Shipwrecks of the Otway Coast", "Ruth Carrick", "OTW"),
    ("Introduction to Quantum Mechanics", "David J. Griffiths", "KU"),
    ("The Selfish Gene", "Richard Dawkins", "KU"),
    ("Gödel, Escher, Bach", "Douglas R. Hofstadter", "KU"),
    ("Orientalism", "Edward W. Said", "KU"),
    ("The Feminine Mystique", "Betty Friedan", "OTW"),
    ("The Rise and Fall of the Third Reich", "William L. Shirer", "OTW"),
    ("The Making of the English Working Class", "E. P. Thompson", "KU"),
    ("A People's Tragedy", "Orlando Figes", "MAL"),
    ("The Guns of August", "Barbara W. Tuchman", "MAL"),
    ("The Biggest Estate on Earth", "Bill Gammage", "OTW"),
    ("Why Warriors Lie Down and Die", "Richard Trudgen", "SRG"),
    ("The Fatal Shore", "Robert Hughes", "MAL"),
    ("Walking the High Plains", "R. Tarrant", "SRG"),
    ("The Structure of Scientific Revolutions", "Thomas S. Kuhn", "KU"),
    ("Linear Algebra Done Right", "Sheldon Axler", "KU"),
    ("The Craft of Research", "Wayne C. Booth", "SRG"),
    ("Musicophilia", "Oliver Sacks", "OTW"),
    ("The Double Helix", "James D. Watson", "MCS"),
    ("Ways of Seeing", "John Berger", "MCS"),
    ("Letters from the High Country", "M. Doyle", "SRG"),
]

#: Where the loans stand. *Told* after the last step is told again: ILLiad's last one repeats.
BORROWING = [
    *[Moment.OVERDUE_1] * 3,
    *[Moment.OVERDUE_2] * 3,
    *[Moment.OVERDUE_3] * 3,
    *[Moment.TOLD] * 2,
    Moment.JUST_LATE,
    *[Moment.LATER] * 9,
]
BORROWING_QUIET = [
    (Moment.OVERDUE_1, Status.EXTENSION_ASKED),
    (Moment.LATER, Status.RECALLED),
    (Moment.OVERDUE_2, Status.ON_ITS_WAY),
]
LENDING = [
    *[Moment.OVERDUE_1] * 3,
    *[Moment.OVERDUE_2] * 3,
    *[Moment.OVERDUE_3] * 3,
    *[Moment.TOLD] * 2,
    *[Moment.LATER] * 9,
]
LONGEST_LOAN = 28


@dataclass(slots=True, kw_only=True)
class Exchange:
    """Borrow elsewhere for staff and the two oldest years; lend to the partners from our own shelves."""

    folk: Folk
    shelves: Shelves
    timetable: Timetable
    rng: Random

    def exchange(self) -> list[Loan]:
        partners = {one.symbol: one for one in PartnerLibrary.objects.bulk_create(_partners())}
        return Loan.objects.bulk_create([*self._borrow(partners), *self._lend(list(partners.values()))])

    def _borrow(self, partners: dict[str, PartnerLibrary]) -> list[Loan]:
        items = Item.objects.bulk_create(
            [
                Item(barcode=f"{symbol}-{80_411 + number}", title=title, author=author, owner=partners[symbol])
                for number, (title, author, symbol) in enumerate(BORROWED)
            ]
        )
        placed = [*((moment, Status.ON_LOAN) for moment in BORROWING), *BORROWING_QUIET]
        readers = self._readers(len(placed))
        return [
            self._borrowed(number, item, reader, moment, status)
            for number, (item, reader, (moment, status)) in enumerate(zip(items, readers, placed, strict=True))
        ]

    def _borrowed(self, number: int, item: Item, reader: Patron, moment: Moment, status: Loan.Status) -> Loan:
        owner = item.owner
        assert owner is not None  # made so above
        due = self.rng.choice(self.timetable.borrowing.days(moment, loan_days=LONGEST_LOAN))
        lent_on = self._lent_on(due)
        return Loan(
            item=item,
            service=Loan.Service.ILL_BORROWING,
            patron=reader,
            lent_on=lent_on,
            due_on=due,
            due_set_on=lent_on,
            due_to_lender=due + timedelta(days=owner.post_days),
            status=status,
            quiet_until=self.timetable.on + A_WEEK if status == Status.EXTENSION_ASKED else None,
            our_reference=f"B-{48_213 + number}",
            their_reference=f"{owner.symbol}-{7_731 + 13 * number}",
            conditions="In the library only." if number % 9 == 4 else "",
        )

    def _lend(self, partners: list[PartnerLibrary]) -> list[Loan]:
        loans = []
        for number, moment in enumerate(LENDING):
            partner = partners[number % len(partners)]
            due = self.rng.choice(self.timetable.lending.days(moment, loan_days=LONGEST_LOAN))
            lent_on = self._lent_on(due)
            loans.append(
                Loan(
                    item=self.shelves.take(),
                    service=Loan.Service.ILL_LENDING,
                    partner=partner,
                    lent_on=lent_on,
                    due_on=due,
                    due_set_on=lent_on,
                    our_reference=f"L-{20_455 + number}",
                    their_reference=f"{partner.symbol}-{5_120 + 7 * number}",
                )
            )
        return loans

    def _lent_on(self, due: date) -> date:
        return self.timetable.open_days.first_open(due - timedelta(days=LONGEST_LOAN), backwards=True)

    def _readers(self, number: int) -> list[Patron]:
        oldest = [pupil for pupil in self.folk.pupils if pupil.group.year_level in (11, 12)]
        return self.rng.sample([*self.folk.staff, *oldest], number)


def _partners() -> list[PartnerLibrary]:
    return [
        PartnerLibrary(name=name, symbol=symbol, email=email, address=address, post_days=days)
        for name, symbol, email, address, days in PARTNERS
    ]
