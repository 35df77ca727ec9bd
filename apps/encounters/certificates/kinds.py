"""What a kind of paper says for itself: its form, what that begins with, what is wrong, what is printed.

One module a kind; `registry` names them in the order of the visit's page. Another kind is another module and
a line there, with its sentence and event.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms

from apps.core.fields import CleanCharField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.core.registry import Registry
from apps.encounters import checking, states
from apps.encounters.models import Visit
from apps.encounters.rules import Problem
from apps.facilities.models import Facility
from apps.patients.models import Death, Person

NOT_SIGNED = "Hoàn tất và ký lượt khám trước khi cấp giấy."


@dataclass(frozen=True)
class Subject:
    """What a paper is about: a visit with its parts, or a death. `on` is its day."""

    person: Person
    facility: Facility
    on: dt.date
    visit: Visit | None = None
    parts: checking.Parts | None = None
    death: Death | None = None

    @property
    def of_visit(self) -> tuple[Visit, checking.Parts]:
        """The visit and its parts, for a kind that is about a visit."""
        assert self.visit is not None and self.parts is not None  # noqa: S101 - its service has seen to it
        return self.visit, self.parts

    @property
    def of_death(self) -> Death:
        assert self.death is not None  # noqa: S101 - as above
        return self.death


@dataclass(frozen=True)
class Marks:
    """What the row keeps apart from the words, because lists and checks ask for it."""

    since: dt.date | None = None
    until: dt.date | None = None
    holder: str = ""
    destination_id: Any = None


class CertificateForm(FormKeyMixin, VersionMixin):
    """The fields of one kind; `version` is the visit's, or the death's."""

    override = CleanCharField(label="Lý do vẫn cấp", max_length=300, required=False)
    HOUSE = ("form_key", "version", "override")

    def __init__(self, *args: Any, subject: Subject, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject = subject
        self.prepare(subject)
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def prepare(self, subject: Subject) -> None:
        """Choices and labels that depend on whom it is about."""

    @property
    def own(self) -> list[forms.BoundField]:
        """The fields of the kind itself, as the page lays them out."""
        return [bound for bound in self.visible_fields() if bound.name not in self.HOUSE]

    def said(self) -> dict[str, Any]:
        """What was typed, for the record."""
        return {name: value for name, value in self.cleaned_data.items() if name not in self.HOUSE}


class Kind:
    """One kind of paper. The words that a circular may change are the list `certificate_paper`."""

    key: str
    slug: str  # in addresses
    title: str  # on buttons
    lead: str  # what the form asks for
    number: str  # its book of core.numbering
    act: str = ""  # of facilities.practice: who signs; '' is who holds certificates.enter
    template: str
    size = "A4"
    form: type[CertificateForm]
    one_click = False  # nothing to ask: the button of the visit's page issues it
    order = 100

    @property
    def draft(self) -> str:
        """The kind of draft that its form keeps; '' where nothing is typed."""
        return "" if self.one_click else f"certificate-{self.key}"

    def why_not(self, subject: Subject) -> str:
        """Why there is no such paper of this visit; empty when there may be one."""
        visit, _ = subject.of_visit
        return "" if visit.state == states.FINALISED else NOT_SIGNED

    def begin(self, subject: Subject) -> dict[str, Any]:
        """What the form begins with."""
        return {}

    def judge(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> list[Problem]:
        """What is refused and what is asked about, of what was typed."""
        return []

    def marks(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> Marks:
        return Marks()

    def words(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> dict[str, Any]:
        """The words of the paper beside its head and whom it is about; plain JSON."""
        return {}


registry: Registry[Kind] = Registry("kinds of certificates")


def by_slug(slug: str) -> Kind | None:
    """The kind that an address names."""
    return next((kind for kind in registry if kind.slug == slug), None)


def small(title: str) -> str:
    """As it stands inside a sentence."""
    return f"{title[:1].lower()}{title[1:]}"
