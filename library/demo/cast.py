"""The households that the pictures and the tests speak of: who they are, and what they have borrowed."""

from library.demo.households import Book, Carer, Child, Household
from library.demo.moments import Moment
from library.demo.names import Name

NO_LETTERS_CHILD = "Hana Gebre"
RETURNED_IN_TIME = ("Selam Tesfaye", "The Arrival")

HAS_LOST_SOMEBODY = "There was a death in the family. Ms Whitfield of the wellbeing team asks us to wait."


def cast() -> list[Household]:
    """New ones each time: rows are made from them."""
    return [
        Household(
            address="14 Acacia Avenue\nTherry VIC 3019",
            children=[
                _child(
                    "Mia Chen",
                    "7B",
                    Book(title="Storm Boy", moment=Moment.OVERDUE_2),
                    Book(title="Nevermoor: The Trials of Morrigan Crow", moment=Moment.REMINDER),
                    Book(title="Blueback", moment=Moment.LATER),
                ),
                _child("Leo Chen", "9A", Book(title="Rowan of Rin", moment=Moment.OVERDUE_2)),
            ],
            carers=[
                Carer(name="Wei Chen", relationship="Mother", email="wei.chen@mail.example"),
                Carer(name="Grace Chen", relationship="Aunt", address="3 Creek Road\nTherry VIC 3019"),
            ],
        ),
        Household(
            address="71 Ironbark Road\nBanksia Park VIC 3018",
            children=[
                _child("Ruby Okafor", "10A", Book(title="The Book Thief", moment=Moment.OVERDUE_3)),
                _child("Tom Okafor", "8C", Book(title="The Hobbit", moment=Moment.OVERDUE_2)),
                _child("Asha Okafor", "7A", Book(title="Boy Overboard", moment=Moment.OVERDUE_2)),
            ],
            carers=[
                Carer(
                    name="Ngozi Okafor",
                    relationship="Mother",
                    salutation="Ms Okafor",
                    email="n.okafor@mail.example",
                    address="71 Ironbark Road\nBanksia Park VIC 3018",
                )
            ],
        ),
        Household(
            address="5 Kurrajong Way\nTherry VIC 3019",
            children=[
                _child("Thảo Nguyễn", "9A", Book(title="Dế Mèn phiêu lưu ký", moment=Moment.OVERDUE_2)),
                _child("Minh Nguyễn", "8C", Book(title="The Hunger Games", moment=Moment.OVERDUE_1)),
                _child("An Nguyễn", "7A", Book(title="Wonder", moment=Moment.OVERDUE_3)),
            ],
            carers=[
                Carer(name="Phương Nguyễn", relationship="Mother", email="nguyen.family@mail.example"),
                Carer(name="Hùng Nguyễn", relationship="Father", email="nguyen.family@mail.example"),
            ],
        ),
        Household(
            address="22 Hakea Crescent\nMerri Flat VIC 3017",
            children=[_child("Noor Haddad", "7C", Book(title="Parvana", moment=Moment.OVERDUE_2))],
            carers=[
                Carer(name="Leyla Haddad", relationship="Mother", salutation="Ms Haddad", email="leyla@haddad.example"),
                Carer(
                    name="Walid Haddad",
                    relationship="Father",
                    email="walid.haddad@post.example",
                    address="9 Dunmore Court\nTherry VIC 3019",
                    library_letters=False,
                    reason="Court order on file at the office.",
                ),
            ],
        ),
        Household(
            address="40 Grevillea Street\nTherry VIC 3019",
            children=[_child("Aroha Ngata", "8B", Book(title="The Whale Rider", moment=Moment.OVERDUE_2))],
            carers=[
                Carer(
                    name="Hēmi Ngata",
                    relationship="Grandfather",
                    email="hemi.ngata@home.example",
                    address="40 Grevillea Street\nTherry VIC 3019",
                    prefers_paper=True,
                )
            ],
        ),
        Household(
            address="8 Ferntree Lane\nTherry VIC 3019",
            children=[
                _child(
                    NO_LETTERS_CHILD,
                    "8A",
                    Book(title="Holes", moment=Moment.OVERDUE_2),
                    Book(title="Smile", moment=Moment.REMINDER),
                    no_letters_reason=HAS_LOST_SOMEBODY,
                )
            ],
            carers=[Carer(name="Almaz Gebre", relationship="Mother", email="almaz.gebre@mail.example")],
        ),
        Household(
            address="16 Bellbird Street\nTherry VIC 3019",
            children=[
                _child(
                    RETURNED_IN_TIME[0],
                    "9A",
                    Book(title=RETURNED_IN_TIME[1], moment=Moment.OVERDUE_2, came_back=True),
                )
            ],
            carers=[Carer(name="Hirut Tesfaye", relationship="Mother", email="hirut.tesfaye@mail.example")],
        ),
        Household(
            address="2 Mallee Court\nTherry VIC 3019",
            children=[_child("Zayd Rahimi", "7B", Book(title="Holes", moment=Moment.LATER))],
            carers=[Carer(name="Hamid Rahimi", relationship="Father", email="hamid.rahimi@mail.example")],
        ),
        Household(
            address="90 Eucalypt Drive\nMerri Flat VIC 3017",
            children=[_child("Mateo Silva", "7A", Book(title="Hatchet", moment=Moment.OVERDUE_1), has_email=False)],
            carers=[Carer(name="Aiyana Silva", relationship="Mother")],
        ),
        Household(
            address="33 Jacaranda Street\nTherry VIC 3019",
            children=[_child("Oisín Byrne", "8C", Book(title="Maus", moment=Moment.TOLD), has_left=True)],
            carers=[Carer(name="Brendan Byrne", relationship="Father", email="b.byrne@post.example")],
        ),
    ]


def _child(name: str, form: str, *books: Book, no_letters_reason: str = "", **fields: bool) -> Child:
    first, last = (Name.read(word) for word in name.split())
    child = Child(first=first, last=last, form=form, no_letters_reason=no_letters_reason, books=books)
    for field, value in fields.items():
        setattr(child, field, value)
    return child
