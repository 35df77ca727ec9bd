"""What the page of target groups is asked for, and the export's reason."""

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.http import QueryDict

from apps.care.targets import Choice
from apps.catalogues import codes
from apps.core.dates import parse_date
from apps.core.fields import CleanCharField
from apps.core.forms import FormKeyMixin
from apps.core.registry import TargetGroup
from apps.facilities.models import Hamlet

SEXES = {"female": "Nữ", "male": "Nam"}


class Asked:
    """The choice of an address; what fits none of the offers is as if it were not there."""

    def __init__(
        self, data: QueryDict, *, groups: Iterable[TargetGroup], hamlets: Iterable[Hamlet], today: dt.date
    ) -> None:
        self.groups, self.hamlets = list(groups), list(hamlets)
        self.sexes = SEXES
        self.ethnic_groups = codes.choices("ethnic_groups", today)
        self.group = next((row for row in self.groups if row.key == data.get("nhom", "")), None)
        self.hamlet = self._hamlet(data.get("thon", ""))
        sex, ethnicity = data.get("gioi", ""), data.get("dan-toc", "")
        self.sex = sex if sex in SEXES else ""
        self.ethnicity = ethnicity if ethnicity in dict(self.ethnic_groups) else ""
        self.wrong_day = ""
        self.on = today
        if text := data.get("ngay", "").strip():
            try:
                self.on = parse_date(text)
            except ValueError as error:
                self.wrong_day = str(error)

    def _hamlet(self, text: str) -> Hamlet | None:
        try:
            wanted = UUID(text)
        except ValueError:
            return None
        return next((row for row in self.hamlets if row.pk == wanted), None)

    @property
    def choice(self) -> Choice | None:
        """What the queries take; None while no group is chosen."""
        if self.group is None:
            return None
        return Choice(self.group, self.on, self.hamlet.pk if self.hamlet else None, self.sex, self.ethnicity)

    @property
    def query(self) -> dict[str, str]:
        """The choice as it stands in an address: options alone, nothing about a person."""
        pairs = {
            "nhom": self.group.key if self.group else "",
            "ngay": f"{self.on:%d/%m/%Y}",
            "thon": str(self.hamlet.pk) if self.hamlet else "",
            "gioi": self.sex,
            "dan-toc": self.ethnicity,
        }
        return {name: value for name, value in pairs.items() if value}


class ExportForm(FormKeyMixin):
    """Why the list leaves."""

    reason = CleanCharField(
        label="Lý do xuất", max_length=300, error_messages={"required": "Hãy ghi lý do xuất danh sách."}
    )
