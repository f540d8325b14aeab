"""The people of *A simulated year*: 53 campuses that share a library, and what they do with its books.

Families are those of the demonstration. Who borrows, and what becomes of each loan, is drawn from row numbers, so the
same program has the same year each time. Most things come back in time; some only after a letter, which is looked up in
what was really sent; a few never. What the library does by hand goes through the desk's own verbs; its lending,
renewals and returns of a day are a statement each, followed by the signal that the desk sends for them.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from django.db import connection, transaction

from circulation import desk, people
from circulation.calendar import OpenDays
from circulation.models import ClosedDays, Collection, Group, Guardian, Guardianship, Item, Loan, Patron
from circulation.signals import Cause, loans_changed
from library.demo import school, things
from library.demo.households import Household, households
from notices import presets

A_CAMPUS = len(school.FORMS) * 20
LAST_DUE = date(2027, 12, 10)
"""Before the long holidays everything comes home; nothing is lent to pupils in the week before."""

RULES = """
CREATE SCHEMA year;
CREATE FUNCTION year.draw(number bigint, what bigint) RETURNS double precision IMMUTABLE LANGUAGE sql AS
    $$ SELECT (hashint8extended(number, what) & 1048575) / 1048576.0 $$;
-- Shares of the loans of reliable and of other people: in time, late by themselves, after a letter, a second, a third.
CREATE TABLE year.custom (unreliable boolean, in_time float, by_themselves float, first float, second float,
                          third float);
INSERT INTO year.custom VALUES (false, .900, .950, .990, .997, .999), (true, .450, .600, .800, .920, .970);
-- after: the step that moves them, and so many days after it was heard.
CREATE TABLE year.plan (loan_id bigint PRIMARY KEY, comes_on date, after smallint, days smallint, renews boolean);
CREATE TABLE year.renewed (loan_id bigint, due_on date, at timestamptz);
-- What left the house: kept here, because the library forgets.
CREATE TABLE year.heard (loan_id bigint, due_on date, number smallint, occurrence smallint, day date, at timestamptz,
                         letter_id bigint, audience text, channel text, patron_id bigint, guardian_id bigint,
                         also_guardian_id bigint, borrower_id bigint);
CREATE INDEX ON year.heard (loan_id);
"""

# A tenth of the people are unreliable. Primary classes come on their library day.
LEND = """
WITH wants AS (
    SELECT patron.id AS patron_id, grp.loan_days,
           row_number() OVER (ORDER BY year.draw(patron.id, %(seed)s), copy) AS place
    FROM circulation_patron patron
    JOIN circulation_group grp ON grp.id = patron.group_id
    CROSS JOIN LATERAL generate_series(1, 1 + (year.draw(patron.id, %(seed)s + 1) < .25)::int) copy
    WHERE patron.left_on IS NULL AND grp.active AND (grp.is_staff OR %(pupils_too)s)
      AND year.draw(patron.id, %(seed)s + 2) < CASE WHEN grp.is_staff OR grp.year_level > 6 THEN .05
                                                    WHEN grp.library_day = %(weekday)s THEN .4 ELSE .02 END
      AND (grp.max_loans IS NULL OR grp.max_loans > 1 + (
           SELECT count(*) FROM circulation_loan loan WHERE loan.patron_id = patron.id AND loan.returned_on IS NULL))
),
shelf AS (
    SELECT item.id AS item_id, row_number() OVER (ORDER BY year.draw(item.id, %(seed)s), item.id) AS place
    FROM circulation_item item
    WHERE NOT EXISTS (SELECT FROM circulation_loan loan WHERE loan.item_id = item.id AND loan.returned_on IS NULL)
),
due (loan_days, due_on) AS (SELECT * FROM unnest(%(lengths)s, %(dues)s::date[])),
lent AS (
    INSERT INTO circulation_loan (item_id, service, patron_id, lent_on, lent_at, due_on, due_set_on, renewals, status,
                                  status_reason, shelf_checks_left, our_reference, their_reference, conditions,
                                  from_file)
    SELECT item_id, 'circulation', patron_id, %(on)s, %(at)s, due_on, %(on)s, 0, 'on_loan', '', 0, '', '', '', false
    FROM wants JOIN shelf USING (place) JOIN due USING (loan_days)
    ORDER BY place
    RETURNING id, patron_id, due_on
),
drawn AS (
    SELECT lent.id, lent.due_on, year.draw(lent.id, 1) AS fate, year.draw(lent.id, 2) AS day, custom.*
    FROM lent JOIN year.custom ON custom.unreliable = (year.draw(lent.patron_id, 3) < .1)
),
planned AS (
    INSERT INTO year.plan
    SELECT id, CASE WHEN fate < in_time THEN %(on)s + 1 + floor(day * (due_on - %(on)s))::int
                    WHEN fate < by_themselves THEN due_on + 1 + floor(day * 9)::int END,
           CASE WHEN fate < by_themselves THEN NULL WHEN fate < first THEN 1 WHEN fate < second THEN 2
                WHEN fate < third THEN 3 END,
           1 + floor(day * 6)::int, year.draw(id, 4) < .15
    FROM drawn)
SELECT id FROM lent
"""

RETURN = """
UPDATE circulation_loan loan SET returned_on = %(on)s, returned_at = %(at)s, shelf_checks_left = 0
FROM year.plan plan
WHERE plan.loan_id = loan.id AND loan.returned_on IS NULL
  AND (plan.comes_on <= %(on)s OR EXISTS (
       SELECT FROM year.heard WHERE heard.loan_id = loan.id AND heard.due_on = loan.due_on
         AND heard.number >= plan.after AND heard.day + plan.days <= %(on)s))
RETURNING loan.id
"""

# Within the last open days before it is due, once.
RENEW = """
WITH renewed AS (
    UPDATE circulation_loan loan
    SET due_on = due.due_on, due_set_on = %(on)s, renewals = renewals + 1, renewed_at = %(at)s
    FROM year.plan plan, circulation_patron patron, circulation_group grp,
         unnest(%(lengths)s, %(dues)s::date[]) AS due (loan_days, due_on)
    WHERE plan.loan_id = loan.id AND plan.renews AND loan.returned_on IS NULL AND loan.renewals = 0
      AND loan.status = 'on_loan' AND loan.due_on BETWEEN %(on)s AND %(soon)s AND due.due_on > loan.due_on
      AND patron.id = loan.patron_id AND grp.id = patron.group_id AND due.loan_days = grp.loan_days
    RETURNING loan.id, loan.due_on),
later AS (
    UPDATE year.plan SET comes_on = greatest(comes_on, renewed.due_on - days) FROM renewed WHERE loan_id = renewed.id)
INSERT INTO year.renewed SELECT id, due_on, %(at)s FROM renewed RETURNING loan_id
"""

# Of those who heard Overdue 1 on the last day of letters, some say that it is back.
SAYS_BACK = """
SELECT DISTINCT loan.id FROM year.heard JOIN circulation_loan loan ON loan.id = heard.loan_id
WHERE heard.day = (SELECT max(day) FROM year.heard WHERE day < %(on)s) AND heard.number = 1
  AND loan.returned_on IS NULL AND loan.status = 'on_loan' AND year.draw(loan.id, 5) < .05
ORDER BY loan.id
"""
# The office sends a bill a fortnight after the last letter, and closes what is later than that as lost.
TO_BILL = """
SELECT loan.id FROM circulation_loan loan
WHERE loan.returned_on IS NULL AND loan.status = 'on_loan' AND loan.due_on < %(on)s AND EXISTS (
    SELECT FROM year.heard WHERE heard.loan_id = loan.id AND heard.due_on = loan.due_on AND heard.number >= 3
      AND heard.day < %(on)s - 14)
ORDER BY loan.id
"""
TO_GIVE_UP = """
SELECT id FROM circulation_loan
WHERE returned_on IS NULL AND status = 'on_loan' AND due_on < %(on)s - 80 ORDER BY id
"""
PAYS = "UPDATE year.plan SET comes_on = %(on)s + 20 WHERE loan_id = ANY(%(loans)s) AND year.draw(loan_id, 6) < .5"


@dataclass(frozen=True, kw_only=True)
class School:
    """``campuses`` of 360 pupils each, a third of them primary, and staff."""

    campuses: int = 53
    staff: int = 920
    items: int = 80_000


def open_school(size: School, *, on: date) -> OpenDays:
    """Everybody and everything, the calendar and the schedules; nothing is lent yet."""
    school.open_library()
    ClosedDays.objects.all().delete()
    open_days = school.close_for_holidays(on=on)
    staff = Group.objects.create(
        name=school.STAFF, is_staff=True, loan_days=school.STAFF_LOAN_DAYS, auto_send=True, home_reads_titles=False
    )
    classes = {campus: _classes(campus, size) for campus in range(size.campuses)}
    primary = [one for campus, forms in classes.items() if is_primary(campus) for one in forms.values()]
    secondary = [one for campus, forms in classes.items() if not is_primary(campus) for one in forms.values()]
    presets.load("primary_school", groups=primary)
    presets.load("secondary_school", groups=secondary)
    bibliotech = presets.load("bibliotech", groups=[staff])
    bibliotech.count = bibliotech.Count.OPEN
    bibliotech.save(update_fields=["count"])
    _enrol(classes, staff=staff, members=size.staff)
    _shelve(size.items)
    with connection.cursor() as cursor:
        cursor.execute(RULES)
    return open_days


def is_primary(campus: int) -> bool:
    return campus % 3 == 1


def _classes(campus: int, size: School) -> dict[str, Group]:
    """The forms of the demonstration's school; those of a primary campus are six years younger."""
    younger = 6 if is_primary(campus) else 0
    groups = [
        Group(
            name=f"{int(form[:-1]) - younger}{form[-1]} at campus {campus + 1}",
            year_level=int(form[:-1]) - younger,
            contact_name="The homeroom teacher",
            contact_email=f"room{number}.campus{campus + 1}@wattlegrove.example",
            library_day=number % 5,
            loan_days=14 if younger else school.LOAN_DAYS[int(form[:-1])],
            max_loans=4 if younger else 6,
            auto_send=True,
            home_reads_titles=bool(younger) or int(form[:-1]) in school.YEARS_WHOSE_HOMES_READ_TITLES,
        )
        for number, form in enumerate(school.FORMS)
    ]
    return dict(zip(school.FORMS, Group.objects.bulk_create(groups), strict=True))


def _enrol(classes: dict[int, dict[str, Group]], *, staff: Group, members: int) -> None:
    patrons = [
        Patron(
            barcode=f"S{number:05}", first_name="Kim", last_name=f"Teacher {number}", group=staff,
            email=f"teacher{number}@wattlegrove.example",
        )
        for number in range(members)
    ]  # fmt: skip
    carers: list[Guardian] = []
    links: list[Guardianship] = []
    for campus, forms in classes.items():
        for place, home in enumerate(households([], Random(f"A simulated year: {campus}"))):
            children = list(_children(home, forms, campus=campus, first=len(patrons)))
            patrons += children
            for carer in home.carers:
                guardian = Guardian(
                    name=carer.name, salutation=carer.salutation, address=carer.address,
                    prefers_paper=carer.prefers_paper, email=carer.email and f"home{campus}.{place}.{carer.email}",
                )  # fmt: skip
                carers.append(guardian)
                links += [
                    Guardianship(
                        patron=child, guardian=guardian, relationship=carer.relationship,
                        library_letters=carer.library_letters, reason=carer.reason,
                    )
                    for child in children
                ]  # fmt: skip
    Patron.objects.bulk_create(patrons, batch_size=5000)
    Guardian.objects.bulk_create(carers, batch_size=5000)
    Guardianship.objects.bulk_create(links, batch_size=5000)


def _children(home: Household, forms: dict[str, Group], *, campus: int, first: int) -> Iterator[Patron]:
    for number, child in enumerate(home.children, start=first):
        local = f"{child.first.plain}.{child.last.plain}{number}"
        yield Patron(
            barcode=f"P{number:06}",
            first_name=child.first.written,
            last_name=child.last.written,
            known_as=child.known_as,
            email=f"{local}@students.wattlegrove.example" if child.has_email and not is_primary(campus) else "",
            group=forms[child.form],
            address=home.address,
            prefers_paper=child.prefers_paper,
            auto_send=child.auto_send,
            may_write_home=child.may_write_home,
        )


def _shelve(number_of: int) -> None:
    with things.TITLES.open(encoding="utf-8", newline="") as file:
        titles = list(csv.DictReader(file))
    collections = {name: Collection.objects.create(name=name, code=code) for name, code in things.COLLECTIONS.items()}
    Item.objects.bulk_create(
        (
            Item(
                barcode=str(things.FIRST_BARCODE + number), title=row["title"], author=row["author"],
                call_number=row["call_number"], collection=collections[row["collection"]],
                replacement_cost=row["cost"],
            )
            for number in range(number_of)
            for row in [titles[number % len(titles)]]
        ),
        batch_size=5000,
    )  # fmt: skip


# --- A day ----------------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Day:
    """What people did on one open day."""

    lent: int = 0
    renewed: int = 0
    returned: int = 0
    by_hand: int = 0


def a_day(*, on: date, at: datetime, open_days: OpenDays) -> Day:
    """Returns first, so that what came home can be lent again."""
    values = {"on": on, "at": at, **_due_dates(on, open_days), "weekday": on.weekday(), "seed": on.toordinal() * 10}
    values["soon"] = open_days.nth(on, 3)
    values["pupils_too"] = not LAST_DUE - timedelta(days=7) < on <= date(LAST_DUE.year, 12, 31)
    day = Day()
    day.returned = _done(RETURN, values, Cause.RETURNED)
    day.renewed = _done(RENEW, values, Cause.RENEWED)
    day.lent = _done(LEND, values, Cause.LENT)
    day.by_hand = _by_hand(on=on, at=at)
    return day


def _due_dates(on: date, open_days: OpenDays) -> dict[str, Any]:
    """As the desk reckons: an open day, and for everybody before the long holidays."""
    lengths = sorted({14, *school.LOAN_DAYS.values(), school.STAFF_LOAN_DAYS})
    dues = [open_days.first_open(on + timedelta(days=length)) for length in lengths]
    return {"lengths": lengths, "dues": [min(due, LAST_DUE) if on < LAST_DUE else due for due in dues]}


def _done(statement: str, values: dict[str, Any], cause: Cause) -> int:
    """One statement for the day, and what listens hears of it in the same transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        loans = [pk for (pk,) in cursor.fetchall()]
        if loans:
            loans_changed.send(sender=Loan, loan_ids=loans, cause=cause, by=None)
    return len(loans)


def _by_hand(*, on: date, at: datetime) -> int:
    """Single deeds of librarians, each by its verb; how many."""
    say_back = _chosen(SAYS_BACK, on=on)
    for loan in say_back:
        desk.says_it_is_back(loan, on=on)
    billed, given_up = _chosen(TO_BILL, on=on), _chosen(TO_GIVE_UP, on=on)
    for loan in billed:
        desk.set_status(loan, Loan.Status.BILLED, on=on, reason="The office sent a bill.")
    for loan in given_up:
        desk.set_status(loan, Loan.Status.LOST, on=on, reason="Not seen for a term.")
    with connection.cursor() as cursor:
        cursor.execute(PAYS, {"on": on, "loans": [loan.pk for loan in billed]})
    looked_for = _look_at_the_shelves(on=on, at=at) if on.weekday() == 4 else 0
    return len(say_back) + len(billed) + len(given_up) + looked_for + _families_call(on=on)


def _look_at_the_shelves(*, on: date, at: datetime) -> int:
    """Fridays: half of what people say is back stands there; what three checks did not find is on loan again."""
    said = Loan.objects.open().filter(status=Loan.Status.SAYS_BACK).order_by("pk")
    for loan in said:
        if loan.shelf_checks_left == 0:
            desk.set_status(loan, Loan.Status.ON_LOAN, on=on)
        elif Random(f"{loan.pk} {on}").random() < 0.5:
            desk.take_back(loan, on=on, at=at)
        else:
            desk.looked_for({loan.pk: loan.shelf_checks_left})
    return len(said)


def _families_call(*, on: date) -> int:
    """Every day two families have another address; on Mondays one wants no more letters."""
    chance = Random(f"Families call: {on}")
    known = list(Guardian.objects.exclude(email="").order_by("pk").values_list("pk", flat=True))
    for guardian in Guardian.objects.filter(pk__in=chance.sample(known, 2)).order_by("pk"):
        guardian.email = f"moved.{on:%m%d}.{guardian.pk}@mail.example"
        people.save_guardian(guardian, changed=["email"])
    if on.weekday() == 0:
        links = list(Guardianship.objects.filter(library_letters=True).order_by("pk").values_list("pk", flat=True))
        asks = Guardianship.objects.get(pk=chance.choice(links))
        people.stop_letters_home([asks], reason="Asked for by the family.")
    return 2 + (on.weekday() == 0)


def _chosen(statement: str, *, on: date) -> Sequence[Loan]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"on": on})
        return list(Loan.objects.filter(pk__in=[pk for (pk,) in cursor.fetchall()]).order_by("pk"))
