"""Forms of an arrangement of stations: which take part, then what becomes of each."""

from typing import Any
from uuid import UUID

from django import forms

from apps.accounts.models import Role
from apps.core.fields import CleanCharField, DateField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.facilities.books import OWN
from apps.facilities.models import Becomes, Facility, Reform, ReformHamlet, ReformPost, ReformStation
from apps.facilities.reforming.plan import Decisions, stations_of

NO_DAY = {"required": "Ghi ngày có hiệu lực."}
NO_REF = {"required": "Ghi căn cứ: số nghị quyết hoặc quyết định."}
ENDS = "end"  # of a post: its holder works there no more


class _Stations:
    """A choice among stations: what is no id at all is told as an unknown station is."""

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)  # type: ignore[misc]  # of the field beside it
        except forms.ValidationError as wrong:
            if wrong.code in ("required", "invalid_choice", "invalid_pk_value", "invalid_list"):
                raise
            raise forms.ValidationError("Không có trạm này trong tỉnh.", code="invalid_choice") from wrong


class StationChoice(_Stations, forms.ModelChoiceField):
    pass


class StationsChoice(_Stations, forms.ModelMultipleChoiceField):
    pass


class ReformNewForm(FormKeyMixin):
    """The day, the paper it rests on, and the stations that take part."""

    on = DateField(
        label="Từ ngày", required=True, error_messages=NO_DAY, help_text="Ngày nghị quyết có hiệu lực."
    )
    legal_ref = CleanCharField(
        label="Căn cứ", max_length=200, error_messages=NO_REF, help_text="Ví dụ: NQ 1677/NQ-UBTVQH15."
    )
    successor = StationChoice(
        label="Trạm mới",
        queryset=Facility.objects.none(),
        empty_label="Chọn trạm",
        error_messages={"required": "Chọn trạm mới.", "invalid_choice": "Không có trạm này trong tỉnh."},
    )
    former = StationsChoice(
        label="Trạm được sắp xếp vào trạm mới",
        queryset=Facility.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Chọn ít nhất một trạm được sắp xếp.",
            "invalid_choice": "Không có trạm này trong tỉnh.",
            "invalid_pk_value": "Không có trạm này trong tỉnh.",
        },
    )
    others = StationsChoice(
        label="Trạm mới khác",
        queryset=Facility.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={
            "invalid_choice": "Không có trạm này trong tỉnh.",
            "invalid_pk_value": "Không có trạm này trong tỉnh.",
        },
    )

    def __init__(self, *args: Any, scope: Any, today: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = stations_of(scope, today)
        for name in ("successor", "former", "others"):
            field: Any = self.fields[name]
            field.queryset = rows
            field.label_from_instance = station_words

    @property
    def successors(self) -> list[Facility]:
        said = self.cleaned_data
        return list(dict.fromkeys([said["successor"], *said["others"]]))


def station_words(facility: Facility) -> str:
    """'Trạm Y tế xã Ba Tơ (xã Ba Tơ)': two stations of one name are told apart by their commune."""
    unit = facility.unit
    return f"{facility.name} ({unit.kind} {unit.name})"


class PlanForm(FormKeyMixin, VersionMixin):
    """What becomes of each station, hamlet and post. Its fields are made from the plan's own rows."""

    on = DateField(label="Từ ngày", required=True, error_messages=NO_DAY)
    legal_ref = CleanCharField(label="Căn cứ", max_length=200, error_messages=NO_REF)

    def __init__(self, *args: Any, reform: Reform, **kwargs: Any) -> None:
        kwargs["initial"] = {"on": reform.on, "legal_ref": reform.legal_ref, "version": reform.version}
        super().__init__(*args, **kwargs)
        self.stations: list[ReformStation] = list(reform.stations.select_related("facility", "successor"))
        self.going_on = [row for row in self.stations if row.becomes == Becomes.GOES_ON]
        self.ending = [row for row in self.stations if row.becomes != Becomes.GOES_ON]
        self.hamlets: list[ReformHamlet] = list(reform.hamlets.select_related("hamlet__commune", "station"))
        self.posts: list[ReformPost] = list(
            reform.posts.select_related("post__user", "post__role", "post__facility", "facility", "role")
        )
        self._add_stations()
        self._add_hamlets()
        self._add_posts()
        for name, field in self.fields.items():
            if "-" in name:  # it stands in a table: its label is said, not shown
                field.widget.attrs["aria-label"] = field.label

    def _add_stations(self) -> None:
        kinds = [(Becomes.POINT.value, "Điểm trạm"), (Becomes.CLOSED.value, "Đóng cửa, chỉ giữ hồ sơ")]
        for row in self.stations:
            self.fields[f"name-{row.pk}"] = CleanCharField(
                label=f"Tên của {row.was_name} từ ngày đó", max_length=200, initial=row.name
            )
        for row in self.ending:
            self.fields[f"becomes-{row.pk}"] = forms.ChoiceField(
                label=f"{row.was_name} thành", choices=kinds, initial=row.becomes
            )
            self.fields[f"books-{row.pk}"] = forms.ChoiceField(
                label=f"Sổ số của {row.was_name}",
                choices=[("", "Dùng sổ của trạm mới"), (OWN, self._own_words(row))],
                required=False,
                initial=OWN if row.book_mark else "",
            )
            self.fields[f"successor-{row.pk}"] = self._station_field(
                f"Trạm mới của {row.was_name}", row.successor_id, required=True
            )

    def _add_hamlets(self) -> None:
        for row in self.hamlets:
            self.fields[f"hamlet-{row.pk}"] = self._station_field(
                f"Trạm phụ trách {row.hamlet.name}", row.station_id
            )

    def _add_posts(self) -> None:
        roles = list(Role.objects.filter(level="station", is_active=True).order_by("order"))
        places = [(row.facility_id, row.name) for row in self.stations]
        for row in self.posts:
            choices = [("", "Chọn vị trí mới"), (ENDS, "Thôi làm việc ở đây")] + [
                (f"{place}:{role.pk}", f"{role.name} – {name}") for place, name in places for role in roles
            ]
            now = f"{row.facility_id}:{row.role_id}" if row.role_id else ENDS
            self.fields[f"post-{row.pk}"] = forms.ChoiceField(
                label=f"Vị trí mới của {row.post.user.full_name}",
                choices=choices,
                required=False,
                initial=now if row.decided else "",
            )

    @staticmethod
    def _own_words(row: ReformStation) -> str:
        return f"Giữ sổ riêng, ký hiệu {row.book_mark}" if row.book_mark else "Giữ sổ riêng của điểm trạm"

    def _station_field(
        self, label: str, initial: UUID | None, *, required: bool = False
    ) -> forms.ChoiceField:
        choices = [(str(row.facility_id), row.name) for row in self.going_on]
        if not required:
            choices = [("", "Chọn trạm"), *choices]
        field = forms.ChoiceField(
            label=label, choices=choices, required=required, initial=str(initial) if initial else ""
        )
        field.error_messages["invalid_choice"] = "Chọn một trạm mới của phương án này."
        return field

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """The plan's rows with their boxes, for the page's tables."""
        return {
            "going_on": [(row, self[f"name-{row.pk}"]) for row in self.going_on],
            "ending": [
                (row, *(self[f"{name}-{row.pk}"] for name in ("becomes", "name", "successor", "books")))
                for row in self.ending
            ],
            "hamlets": [(row, self[f"hamlet-{row.pk}"]) for row in self.hamlets],
            "posts": [(row, self[f"post-{row.pk}"]) for row in self.posts],
        }

    def decisions(self) -> Decisions:
        """What the page says, as the service takes it."""
        said = self.cleaned_data
        posts = {}
        for row in self.posts:
            chosen = said.get(f"post-{row.pk}", "")
            if chosen == ENDS:
                posts[row.pk] = (row.post.facility_id, None)
            elif chosen:
                place, _, role = chosen.partition(":")
                posts[row.pk] = (UUID(place), UUID(role))
        return Decisions(
            on=said["on"],
            legal_ref=said["legal_ref"],
            names={row.pk: said[f"name-{row.pk}"] for row in self.stations},
            becomes={row.pk: said[f"becomes-{row.pk}"] for row in self.ending},
            successors={row.pk: UUID(said[f"successor-{row.pk}"]) for row in self.ending},
            hamlets={
                row.pk: UUID(chosen) for row in self.hamlets if (chosen := said.get(f"hamlet-{row.pk}"))
            },
            posts=posts,
            books={row.pk: said[f"books-{row.pk}"] == OWN for row in self.ending},
        )
