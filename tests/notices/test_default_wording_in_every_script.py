"""Names and titles arrive whole in every shipped letter, whatever script they are written in."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape

import pytest

from notices import defaults
from notices.defaults import DefaultTemplate
from notices.letter_data import Book, LetterData
from notices.rendering import Written
from smtp_gateway import mime

from .letter_samples import letter, samples

SCRIPTS = {
    "latin": ("Zoë Ağaoğlu-Ó Briain", "Mãe à vista: l’été", "José Saramago"),
    "maori": ("Tāmati Ngāwhare", "Te Kōauau ā Tāne", "Witi Ihimaera"),
    "vietnamese": ("Nguyễn Thị Ánh", "Cho tôi xin một vé đi tuổi thơ", "Nguyễn Nhật Ánh"),
    "greek": ("Ελένη Παπαδοπούλου", "Ο Μικρός Πρίγκιπας", "Σαιντ-Εξυπερύ"),
    "cyrillic": ("Їжак Шевченко", "Кобзар", "Тарас Шевченко"),
    "arabic": ("فاطمة الحداد", "كليلة ودمنة", "ابن المقفع"),
    "hebrew": ("נועה לוי", "דירה להשכיר", "לאה גולדברג"),
    "devanagari": ("आशा शर्मा", "पंचतंत्र की कहानियाँ", "विष्णु शर्मा"),
    "chinese": ("陈美雅", "西游记", "吴承恩"),
    "korean": ("김민지", "마당을 나온 암탉", "황선미"),
    "beyond the first plane": ("𠮷野 さくら", "𝔄 book of 𝔉raktur", "𐐀 𐐁"),
}
TEMPLATES = defaults.load()


def in_script(data: LetterData, script: str) -> LetterData:
    """The same letter to somebody of this name, about a book of this title."""
    name, title, author = SCRIPTS[script]

    def book(one: Book) -> Book:
        return replace(one, title=title, author=author)

    return replace(
        data,
        dear=name,
        books=[book(one) for one in data.books],
        also_out=[book(one) for one in data.also_out],
        children=[replace(one, name=name, books=[book(each) for each in one.books]) for one in data.children],
    )


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize(
    "template", TEMPLATES, ids=lambda one: f"{one.service}-{one.number or one.kind}-{one.audience}"
)
def test_names_and_titles_arrive_whole(template: DefaultTemplate, script: str):
    """In the text, in the HTML, and in the message as a mail program reads it."""
    name, title, _ = SCRIPTS[script]
    data = next(samples(template))
    expected = {name} | ({title} if any(one in letter(template, data).text for one in titles(data)) else set())

    written = letter(template, in_script(data, script))
    read = message_from_bytes(on_the_wire(written), _class=EmailMessage, policy=policy.default)

    assert {words for words in expected if words in written.text and words in unescape(written.html)} == expected
    assert [part(read, kind) for kind in ("plain", "html")] == [written.text.strip(), written.html.strip()]
    assert read["Subject"] == written.subject


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert isinstance(found, EmailMessage)
    return str(found.get_content()).replace("\r\n", "\n").strip()


def titles(data: LetterData) -> set[str]:
    return {book.title for book in data.all_books}


def on_the_wire(written: Written) -> bytes:
    return mime.build(
        sender=mime.Sender(address="library@banksia.example", name="Banksia"),
        to="home@example.org",
        to_name="",
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id="<1@banksia.example>",
        date=datetime(2026, 11, 23, tzinfo=UTC),
    )
