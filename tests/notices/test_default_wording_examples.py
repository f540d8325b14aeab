"""The examples of wording.md, as the shipped templates write them."""

from circulation.models import Loan
from notices.models import Audience, Template

from .letter_samples import e1, e2, e3, e4, e5, e6, e7, e8, e9, letter, the_default

FOOT = "Banksia College Library · open 8:15 to 4:00 on school days · reply to this email or phone 03 5550 1234\n"


def test_reminder_to_a_patron():
    """E1. A reminder names the day and asks for nothing but the book."""
    template = the_default(-1, Audience.PATRON)

    written = letter(template, e1())

    assert written.subject == "A library book is due on Thursday"
    assert written.text == (
        "Hi Grace,\n"
        "\n"
        "Your library book is due back on Thursday 26 November.\n"
        "\n"
        "   Nevermoor, by Jessica Townsend · due Thu 26 Nov\n"
        "\n"
        "Finished? Please put it in your bag now, so it is ready.\n"
        "\n"
        "Still reading? Ask us for more time. Reply or come to the desk.\n"
        "\n"
        "Back already? Thank you! You can forget this note.\n"
        "\n" + FOOT
    )


def test_overdue_1_to_a_patron():
    """E2. The first letter to a child: where to look, and what comes next, without the title going home."""
    template = the_default(1, Audience.PATRON)

    written = letter(template, e2())

    assert written.subject == "A library book to bring back"
    assert written.text == (
        "Hi Tom,\n"
        "\n"
        "Please bring this book back tomorrow, or tell us that you need it for longer.\n"
        "\n"
        "   The Hobbit, by J. R. R. Tolkien · borrowed Mon 2 Nov · was due Mon 16 Nov\n"
        "\n"
        "Not sure where it is? Try your bag, your locker, your classroom, and the places where you like to read.\n"
        "\n"
        "Can’t find it? Lost? Tell us. It happens to everyone, and we will help you look.\n"
        "\n"
        "If it is still out on Monday 30 November, we will ask your family to help. We will not tell them the "
        "title.\n"
        "\n"
        "Back already? Thank you! Then there is nothing to do.\n"
        "\n" + FOOT
    )


def test_overdue_2_to_a_patron():
    """E3. The second: three things to do, and that home was asked today."""
    template = the_default(2, Audience.PATRON)

    written = letter(template, e3())

    assert written.subject == "A library book we are still missing"
    assert written.text == (
        "Hi Tom,\n"
        "\n"
        "Please do one of these things by Friday 27 November:\n"
        "\n"
        "   1. Bring the book to the desk or the returns box.\n"
        "   2. Reply and ask for more time.\n"
        "   3. Tell us if it is lost, or if you think you gave it back. We will check the shelves.\n"
        "\n"
        "   The Hobbit, by J. R. R. Tolkien · borrowed Mon 26 Oct · was due Mon 9 Nov\n"
        "\n"
        "Today we also asked your family to help you look. We did not tell them the title.\n"
        "\n"
        "Back already? Thank you! Then there is nothing to do.\n"
        "\n" + FOOT
    )


def test_overdue_3_to_a_patron():
    """E4. The third: talk to us; it is the last one."""
    template = the_default(3, Audience.PATRON)

    written = letter(template, e4())

    assert written.subject == "Please talk to us about a library book"
    assert written.text == (
        "Hi Ruby,\n"
        "\n"
        "Please come and see us by Friday 4 December, or reply to this letter. We can sort this out together.\n"
        "\n"
        "   The Book Thief, by Markus Zusak · borrowed Mon 12 Oct · was due Mon 26 Oct\n"
        "\n"
        "Bring it if you have it. If it is lost, just say so. If you gave it back, tell us when, and we will "
        "look again.\n"
        "\n"
        "Today we also asked your family to help you look. We did not tell them the title.\n"
        "\n"
        "This is our last letter to you about it. If it turns up later, bring it in. We will be glad.\n"
        "\n"
        "Everyone can go on borrowing.\n"
        "\n"
        "Back already? Thank you! Then there is nothing to do.\n"
        "\n" + FOOT
    )


def test_overdue_2_to_a_home():
    """E5. One letter for two children; the older one’s title stays private."""
    template = the_default(2, Audience.GUARDIAN)

    written = letter(template, e5())

    assert written.subject == "Library books to look for at home"
    assert written.text == (
        "Dear Ms Okafor,\n"
        "\n"
        "Could you please help Asha and Tom look for these library books? They can bring them to school on any "
        "day.\n"
        "\n"
        "Asha (5B), 2 books\n"
        "   Blueback, by Tim Winton · was due Mon 9 Nov\n"
        "   Storm Boy, by Colin Thiele · was due Mon 16 Nov\n"
        "\n"
        "Tom (8C), 1 book\n"
        "   Was due Mon 9 Nov. Tom knows which one. We keep older students’ reading private.\n"
        "\n"
        "Good places to look: school bags, under beds, the car, and other places where they stay.\n"
        "\n"
        "Lost, or given back already? Reply and tell us. We will check our shelves too. There are no late fees.\n"
        "\n"
        "If we hear nothing, we will write again on Monday 7 December.\n"
        "\n"
        "Books just went back? Thank you, and please forget this letter.\n"
        "\n"
        "Not for you? Please tell us and delete this email. Help in your language: 131 450.\n"
        "\n" + FOOT
    )


def test_overdue_3_to_a_home_with_three_steps():
    """E6. Three children at three steps: each has its own words, and only Ruby’s book costs anything."""
    template = the_default(3, Audience.GUARDIAN)

    written = letter(template, e6())

    assert written.subject == "Please contact us about a library book"
    assert written.text == (
        "Dear Ms Okafor,\n"
        "\n"
        "Please reply or phone us about Ruby’s book by Friday 4 December. Tom and Asha have books to look for, "
        "too.\n"
        "\n"
        "Ruby (10A), 1 book\n"
        "   Was due Mon 26 Oct. Ruby knows which one. We keep older students’ reading private.\n"
        "   If it cannot be found, we ask for $24.95 to replace it. The same book, new or used, is fine too. If "
        "it turns up later, we will pay you back.\n"
        "   If the cost is a problem, talk to Mrs Hall at the office, 03 5550 1200. It stays private.\n"
        "\n"
        "Tom (8C), 1 book\n"
        "   Was due Mon 9 Nov. Tom knows which one.\n"
        "   Please look for it soon. There is nothing to pay.\n"
        "\n"
        "Asha (5B), 1 book\n"
        "   Storm Boy, by Colin Thiele · was due Mon 16 Nov\n"
        "   Any school day is fine. There is nothing to pay.\n"
        "\n"
        "Lost? Tell us. Do you think Ruby gave it back? Tell us, and we will look again before anything else "
        "happens.\n"
        "\n"
        "This is our last letter about Ruby’s book. Our next letter about Tom’s book would be on Monday 7 "
        "December. Our next letter about Asha’s book would be on Monday 30 November.\n"
        "\n"
        "Everyone can go on borrowing.\n"
        "\n"
        "Books just went back? Thank you, and please forget this letter.\n"
        "\n"
        "Not for you? Please tell us and delete this email. Help in your language: 131 450.\n"
        "\n" + FOOT
    )


def test_class_list_to_a_teacher():
    """E7. A class list gives names and numbers."""
    template = the_default(Template.Kind.CLASS_LIST, Audience.CONTACT)

    written = letter(template, e7())

    assert written.subject == "8C library list for Thursday: 3 students"
    assert written.text == (
        "Dear Mr Lee,\n"
        "\n"
        "Please hand these students their folded slips before Thursday’s library lesson.\n"
        "\n"
        "   Ahmed S., 1 book\n"
        "   Grace L., 2 books\n"
        "   Tom O., 1 book\n"
        "\n"
        "The slips hold the titles, because what students read is private. Please do not read this list out or "
        "pin it up.\n"
        "\n"
        "Has someone left, or had a hard week? Tell us, and we will stop the letters.\n"
        "\n"
        "Last week 6 students of 8C brought books back. Thank you for your help.\n"
        "\n" + FOOT
    )


def test_overdue_2_to_the_reader_of_an_interlibrary_loan():
    """E8. An interlibrary loan speaks for the library that lent it."""
    template = the_default(2, Audience.PATRON, service=Loan.Service.ILL_BORROWING)

    written = letter(template, e8())

    assert written.subject == "Please return interlibrary loan B-48213"
    assert written.text == (
        "Dear Dr Haddad,\n"
        "\n"
        "Please return this book by Friday 27 November. If you need it for longer, reply today.\n"
        "\n"
        "   A History of Salt, by Ines Moreau · our reference B-48213 · lent by Karri University Library · was "
        "due Wed 18 Nov\n"
        "\n"
        "The book is not ours, so only Karri University Library can give more time. We will ask them for you, "
        "but they may say no.\n"
        "\n"
        "Please bring it to any of our desks, with the paper band. Do not post it yourself.\n"
        "\n"
        "Returned already? Reply and tell us where, and we will look. Lost? Tell us now, and we will talk to the "
        "lender.\n"
        "\n"
        "If it is still out on Wednesday 2 December, we will write to you again.\n"
        "\n"
        "Other libraries lend to us because our readers bring things back. Thank you for helping.\n"
        "\n" + FOOT
    )


def test_overdue_2_to_a_partner_library():
    """E9. Colleague to colleague: references first, four answers ready, no reader."""
    template = the_default(2, Audience.PARTNER, service=Loan.Service.ILL_LENDING)

    written = letter(template, e9())

    assert written.subject == "ILL overdue 2: your ref KU-7731, ours L-20455"
    assert written.text == (
        "Dear colleagues,\n"
        "\n"
        "Could you tell us how this loan stands, please? It was due back on Monday 16 November.\n"
        "\n"
        "   The Tides of Bass Strait, by P. Arden · your reference KU-7731 · our reference L-20455 · our barcode "
        "30412 · sent to you Mon 12 Oct · was due Mon 16 Nov\n"
        "\n"
        "One line in reply is enough:\n"
        "\n"
        "   A. On its way back (posted on …)\n"
        "   B. Needed until … (we say yes unless a reader is waiting)\n"
        "   C. Never arrived, or cannot be found\n"
        "   D. Lost: please send the invoice\n"
        "\n"
        "Please do not name your reader. Return to: ILL, Banksia College Library, 1 Wattle Road, Therry VIC "
        "3019, Australia.\n"
        "\n"
        "If it is in the post, thank you: please just answer A.\n"
        "\n"
        "Our next letter would be on Monday 30 November.\n"
        "\n" + FOOT
    )
