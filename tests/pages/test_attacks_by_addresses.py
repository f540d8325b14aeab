"""Nonsense in the query of every page, and names that somebody else chose: of files, of servers (product.md, S1)."""

import re
from importlib import import_module

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from circulation.models import ImportFile
from library.access import Role
from library.models import Library
from smtp_gateway import outbox
from smtp_gateway.models import Gateway, OutboundMessage
from tests.pages.addresses import every_address
from tests.pages.forms_on_a_page import forms_of
from tests.pages.sample import Sample

USUAL = {
    *("q", "tab", "sort", "before", "after", "from", "to", "id"),
    *("as", "day", "year", "page", "next", "patron", "step"),
}
ASKED = [
    "'\"><script>alert(1)</script>", "9" * 5000, "-1", "0", "1e9", "' OR 1=1 --", "%s%d%n", "{0.__class__}", "٣²",
    "2026-02-30", "0001-01-01", "9999-12-31", "\u202e", "../../etc/passwd", "x" * 10_000, "True", "[]", "1,2", "1-2-3",
]  # fmt: skip

ONE_BY_ONE = ASKED[:2]

DAYS_FOR_TIMES = pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime:RuntimeWarning")
"""Django admin takes a day for a time, which Django warns of."""


@pytest.mark.slow
@DAYS_FOR_TIMES
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked[:12])
def test_nonsense_in_the_query_breaks_no_page(
    client: Client, sample: Sample, people: dict[Role, User], asked: str
) -> None:
    """All parameters that a page's links and forms use, and those that pages like to have; some also one by one."""
    client.force_login(people[Role.ADMINISTRATOR])
    client.raise_request_exception = False
    pages = {address.url.partition("?")[0]: address for address in every_address(sample)}

    broken = []
    for url, address in pages.items():
        names = _parameters(client.get(url), url) if address.is_document else USUAL
        one_by_one = [{name: asked} for name in names] if asked in ONE_BY_ONE and not address.is_admin else []
        for query in [*one_by_one, dict.fromkeys(names, asked)]:
            answer = client.get(url, query)
            failed = answer.status_code >= 500 and url != "/health/"  # which may be ill
            if failed or (address.is_document and "<script>alert(1)" in answer.text):
                broken.append((url, list(query)))

    assert broken == []


def _parameters(answer: object, url: str) -> set[str]:
    """Those in links to the page itself, and the fields of its forms that ask with GET."""
    text = answer.text  # type: ignore[attr-defined]
    in_links = re.findall(r'href="[^"]*\?([^"]*)"', text)
    in_forms = {name for form in forms_of(text, page=url) if form.method == "get" for name in form.names}
    return USUAL | in_forms | {pair.partition("=")[0] for link in in_links for pair in re.split("&amp;|&", link)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    [
        "/outbox/?q=%00", "/find/?q=%00", "/patrons/?%00=1", "/nothing%00here/", "/sign-in/?next=%00",
        "/admin/circulation/patron/?q=%00", "/admin/circulation/patron/a%00b/change/", "/admin/auth/user/?username=%00",
        f"/patrons/{'9' * 30}/", f"/patrons/{'9' * 5000}/", f"/admin/circulation/patron/{'9' * 30}/change/",
    ],
    ids=lambda url: url[:40],
)  # fmt: skip
def test_what_no_row_can_hold_is_not_understood(client: Client, people: dict[Role, User], url: str) -> None:
    """NUL, and numbers that PostgreSQL and Python refuse to read: a sentence, in Django admin too."""
    client.force_login(people[Role.ADMINISTRATOR])

    answer = client.get(url)

    assert (answer.status_code, "That was not understood" in answer.text) == (400, True)


@pytest.mark.django_db
def test_nul_in_a_cookie_or_a_form_is_not_understood(client: Client, people: dict[Role, User]) -> None:
    """A cookie may be quoted, and then hold anything."""
    client.force_login(people[Role.LIBRARIAN])
    in_form = client.post("/outbox/do/", {"verb": "hold", "id": "1", "next": "\0"}).status_code
    client.cookies["sessionid"].set("sessionid", "x", '"aaaaaaaaaa\\000aaaa"')

    assert (in_form, client.get("/outbox/").status_code) == (400, 400)


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "utf-16", "latin-1"])
def test_a_request_in_another_charset_is_not_understood(client: Client, people: dict[Role, User], charset: str) -> None:
    """Half a character pair, written in one of them, would reach the database."""
    client.force_login(people[Role.LIBRARIAN])

    answer = client.generic("GET", "/find/", QUERY_STRING=r"q=\ud800", CONTENT_TYPE=f"text/plain; charset={charset}")

    assert answer.status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["rot13", "base64", "undefined", "latin-1", "no-such-charset"])
@pytest.mark.parametrize("url", ["/outbox/do/", "/admin/circulation/loan/", "/sign-in/"])
def test_a_form_in_another_charset_is_not_understood(
    client: Client, people: dict[Role, User], url: str, charset: str
) -> None:
    """Codecs that make no text are charsets to Python, too."""
    client.force_login(people[Role.ADMINISTRATOR])

    answer = client.generic("POST", url, "id=1", content_type=f"application/x-www-form-urlencoded; charset={charset}")

    assert (answer.status_code, "That was not understood" in answer.text) == (400, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "parameter", ["boundary*=no-such-charset''x", "charset*=undefined''%41", "charset*=utf-8''%00"]
)
def test_a_head_that_django_cannot_take_apart_is_not_understood(parameter: str) -> None:
    """It fails before any middleware is asked; the server would answer 500 by itself."""
    application = import_module("library.wsgi").application  # here: it looks for static files at once
    environ = RequestFactory().generic("POST", "/sign-in/", "x").environ
    environ["CONTENT_TYPE"] = f"multipart/form-data; {parameter}"
    answered: list[str] = []

    page = b"".join(application(environ, lambda status, headers: answered.append(status)))

    assert (answered, b"That was not understood" in page) == (["400 Bad Request"], True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "asked",
    [
        "importfile/?uploaded_at__year=10000", "loan/?due_on__year=0", "loan/?returned_on__year=-1",
        "loan/?status__range=a,b",
    ],
)  # fmt: skip
def test_a_filter_of_django_admin_that_finds_no_row_is_not_understood(
    client: Client, people: dict[Role, User], asked: str
) -> None:
    """A year that no calendar has, and a range that is none."""
    client.force_login(people[Role.ADMINISTRATOR])

    answer = client.get(f"/admin/circulation/{asked}")

    assert (answer.status_code, "That was not understood" in answer.text) == (400, True)


@pytest.mark.django_db
@pytest.mark.parametrize("year", ["9999", "99999999999"])
def test_a_year_in_another_programs_list_is_not_understood(client: Client, people: dict[Role, User], year: str) -> None:
    """The lists of axes and auditlog are leafed through by year."""
    client.force_login(people[Role.ADMINISTRATOR])

    assert client.get(f"/admin/axes/accessattempt/?attempt_time__year={year}").status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd", "..\\..\\settings.py", "/etc/passwd", "C:\\x.csv", "a\r\nSet-Cookie: x=1.csv",
        "x" * 5000,
        '"; filename="x.html', "<script>alert(1)</script>.csv", "\u202evsc.exe", "con", ".csv", " ",
        "=cmd|' /C calc'!A0.csv",
    ],
    ids=lambda name: repr(name[:20]),
)  # fmt: skip
def test_the_name_of_a_file_is_a_word_and_no_path(client: Client, people: dict[Role, User], name: str) -> None:
    """Files are kept in rows, not in folders; the name is shown, and given back in one header line."""
    client.force_login(people[Role.LIBRARIAN])
    upload = SimpleUploadedFile("x.csv", b"barcode,last_name,first_name,group\nP1,Chen,Mia,7B\n")
    upload._name = name  # type: ignore[attr-defined]  # a browser would have made it tame

    sent = client.post("/import/send/", {"kind": "patrons", "file": upload})

    assert sent.status_code in (302, 400, 422)  # 400: Django reads no such long line
    for file in ImportFile.objects.all():
        page, original = client.get(f"/import/{file.pk}/"), client.get(f"/import/{file.pk}/original/")
        assert "<script>alert(1)" not in page.text
        assert len(file.name) <= 255
        assert re.fullmatch(
            r"attachment; filename=\"[^\"\r\n]*\"; filename\*=UTF-8''[\w%.~-]*", original.headers["Content-Disposition"]
        )
        assert original.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "line", ["\r\nBcc: eve@elsewhere.example", "\nBcc: eve@elsewhere.example", "\u2028Bcc: eve", "\x0bBcc: eve"]
)
def test_a_name_with_a_line_in_it_makes_no_header(client: Client, people: dict[Role, User], line: str) -> None:
    """The library's name stands in the subject of the test message, the sender's in From."""
    library = Library.the()
    library.name = f"Banksia{line}"
    library.save()
    Gateway.objects.update_or_create(
        pk=Gateway.the().pk,
        defaults={"from_name": f"Library{line}", "from_address": "library@x.example", "test_to": "it@x.example"},
    )
    client.force_login(people[Role.ADMINISTRATOR])

    client.post("/gateway/test/")

    (message,) = OutboundMessage.objects.all()
    head = bytes(message.content).partition(b"\r\n\r\n")[0].decode()
    assert message.kind == outbox.Kind.TEST
    assert [name for name in re.findall(r"(?m)^([\w-]+):", head) if name.lower() == "bcc"] == []
    assert message.to == "it@x.example"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "host",
    ["http://169.254.169.254/latest/", "file:///etc/passwd", "a\r\nb", "a b", "127.0.0.1:22", "user@host", "x" * 300],
)  # fmt: skip
def test_the_mail_servers_name_is_a_name(client: Client, people: dict[Role, User], host: str) -> None:
    """What is no host name is refused where it is typed; nothing is asked of such an address."""
    client.force_login(people[Role.ADMINISTRATOR])
    form = next(form for form in forms_of(client.get("/gateway/").text, page="/gateway/") if "host" in form.names)

    answer = client.post("/gateway/settings/", dict(form.with_value("host", host)))

    assert answer.status_code in (200, 422)
    assert Gateway.the().host != host.strip()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "host", ["[::1", "-x", "a..b", f"{'x' * 64}.example", "xn--zzzzzz", ".", "*", "ß.example", "0"]
)
def test_a_name_at_which_nobody_answers_is_told(client: Client, people: dict[Role, User], host: str) -> None:
    """However it came into the row, trying the connection ends in a sentence."""
    Gateway.objects.update_or_create(pk=Gateway.the().pk, defaults={"host": host, "port": 1})
    client.force_login(people[Role.ADMINISTRATOR])
    client.raise_request_exception = False

    assert client.post("/gateway/try/").status_code == 200
