"""The forms of a page as a browser would send them, read from its HTML; for those who then send something else."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

Pair = tuple[str, str]


@dataclass(kw_only=True)
class Form:
    """``fields``: names and what would be sent, in order; ``buttons``: name, value and address of each."""

    action: str
    method: str
    fields: list[Pair] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    files: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        """Each field once; the token against foreign forms is not one of its own."""
        return [name for name in dict.fromkeys(name for name, _ in self.fields) if name != "csrfmiddlewaretoken"]

    def with_value(self, name: str, value: str) -> list[Pair]:
        """What is sent when this field holds ``value`` and the others what they held."""
        return [pair for pair in self.fields if pair[0] != name] + [(name, value)]


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.orphans: list[tuple[str, str, dict[str, str]]] = []
        self.open: Form | None = None
        self.select: tuple[Form | None, str, list[str], bool] | None = None
        self.textarea: tuple[Form | None, str] | None = None
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            action = urljoin(self.page, given.get("action") or self.page)
            self.open = Form(action=action, method=given.get("method", "get").lower())
            self.forms.append(self.open)
            if "id" in given:
                self.by_id[given["id"]] = self.open
        elif tag in ("input", "button"):
            if "form" in given:
                self.orphans.append((given["form"], tag, given))
            elif self.open:
                _add(self.open, tag, given, page=self.page)
        elif tag == "select" and given.get("name"):
            self.select = (self._owner(given), given["name"], [], False)
        elif tag == "option" and self.select:
            form, name, values, chosen = self.select
            if "selected" in given:
                self.select = (form, name, [given.get("value", "")], True)
            elif not chosen:
                values.append(given.get("value", ""))
        elif tag == "textarea" and given.get("name"):
            self.textarea, self.text = (self._owner(given), given["name"]), ""

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag == "select" and self.select:
            form, name, values, _ = self.select
            if form:
                form.fields.append((name, values[0] if values else ""))
            self.select = None
        elif tag == "textarea" and self.textarea:
            form, name = self.textarea
            if form:
                form.fields.append((name, self.text.strip("\n")))
            self.textarea = None

    def _owner(self, given: dict[str, str]) -> Form | None:
        return self.by_id.get(given["form"], self.open) if "form" in given else self.open


def _add(form: Form, tag: str, given: dict[str, str], *, page: str) -> None:
    kind, name, value = (
        given.get("type", "submit" if tag == "button" else "text"),
        given.get("name", ""),
        given.get("value"),
    )
    if tag == "button" or kind in ("submit", "image"):
        address = urljoin(page, given["formaction"]) if "formaction" in given else form.action
        form.buttons.append((name, value or "", address))
    elif kind == "file":
        form.files.add(name)
    elif name and (kind not in ("checkbox", "radio") or "checked" in given or kind == "checkbox"):
        form.fields.append((name, value if value is not None else "on" if kind == "checkbox" else ""))


def forms_of(html: str, *, page: str) -> list[Form]:
    """All forms of the page at the address ``page``. Boxes count as ticked, so that verbs have something to do."""
    reader = _Reader(page)
    reader.feed(html)
    for id_, tag, given in reader.orphans:
        if form := reader.by_id.get(id_):
            _add(form, tag, given, page=page)
    return reader.forms
