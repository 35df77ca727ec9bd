"""The forms of what happens to a family: who of it, on which day, where to."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from apps.catalogues import codes, picks
from apps.core import fields
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.households import queries
from apps.households.families import Joining
from apps.households.models import HEAD, Household, Membership, Reach
from apps.households.places import Elsewhere
from apps.patients.forms import HamletField
from apps.patients.models import Person
from apps.patients.picking import picked

TWO_HEADS = "Một hộ chỉ có một chủ hộ; {name} cũng được ghi là chủ hộ."


# Nothing is put side by side where a row is taken back: she looks at it as it now is, and decides again.
OUTRUN = "Người khác vừa sửa dòng này. Hãy quay lại xem rồi làm lại nếu vẫn cần."


class EventForm(FormKeyMixin):
    """The day and the reason of any event."""

    on = fields.DateField(label="Ngày")
    note = fields.CleanCharField(label="Lý do, ghi chú", max_length=500, required=False)
    replaces = forms.UUIDField(widget=forms.HiddenInput, required=False)

    first: tuple[str, ...] = ()
    labels: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in self.labels.items():
            self.fields[name].label = label
        self.order_fields([*self.first, "on", *(n for n in self.fields if n != "note"), "note"])


class PeopleForm(EventForm):
    """Members of one family, ticked; where `becoming`, each with what she is to the head over there."""

    people = forms.MultipleChoiceField(
        label="Những ai",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Hãy chọn ít nhất một người.",
            "invalid_choice": "Có người không còn ở trong hộ này. Hãy mở lại trang.",
        },
    )
    becoming = False
    all_of_them = False

    def __init__(self, *args: Any, rows: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_key = {str(row.pk): row for row in rows}
        chosen: Any = self.fields["people"]
        chosen.choices = [(key, row.person.full_name) for key, row in self.by_key.items()]
        if self.all_of_them:
            del self.fields["people"]
        if self.becoming:
            relations = [("", "Chọn quan hệ"), *codes.choices("relationship_to_head")]
            for key, row in self.by_key.items():
                self.fields[_relation(key)] = forms.ChoiceField(
                    label=f"{row.person.full_name}: quan hệ với chủ hộ",
                    choices=relations,
                    required=False,
                )

    def lines(self) -> list[dict[str, Any]]:
        """Each member as a row of the page's table."""
        ticked = {str(key) for key in (self["people"].value() or [])} if "people" in self.fields else set()
        return [
            {
                "key": key,
                "row": row,
                "person": row.person,
                "ticked": key in ticked,
                "relation": self[_relation(key)] if self.becoming else None,
            }
            for key, row in self.by_key.items()
        ]

    def chosen_rows(self) -> list[Any]:
        keys = self.by_key if self.all_of_them else self.cleaned_data["people"]
        return [self.by_key[key] for key in keys]

    def chosen_people(self) -> list[Person]:
        return [row.person for row in self.chosen_rows()]

    def joining(self) -> list[Joining]:
        return [
            Joining(row.person, self.cleaned_data.get(_relation(str(row.pk)), ""))
            for row in self.chosen_rows()
        ]

    def head(self) -> Person | None:
        """Who is marked as the head over there."""
        return next((each.person for each in self.joining() if each.relation == HEAD), None)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if self.becoming and not self.errors:
            heads = [key for key in self._keys() if said.get(_relation(key)) == HEAD]
            for key in heads[1:]:
                name = self.by_key[heads[0]].person.full_name
                self.add_error(_relation(key), TWO_HEADS.format(name=name))
        return said

    def _keys(self) -> list[str]:
        return list(self.by_key) if self.all_of_them else self.cleaned_data.get("people", [])


def relation_field(pk: UUID) -> str:
    """The box that says what the member of that row is to the head over there."""
    return _relation(str(pk))


def _relation(key: str) -> str:
    return f"relation_{key.replace('-', '')}"


class StayingMixin(forms.Form):
    """Who heads those who stay, where their head goes."""

    new_head = forms.ChoiceField(
        label="Chủ hộ mới của những người ở lại",
        required=False,
        help_text="Chỉ cần khi chủ hộ cũng đi.",
    )

    def offer(self, rows: Sequence[Membership]) -> None:
        field: Any = self.fields["new_head"]
        others = [(str(row.pk), row.person.full_name) for row in rows if not row.is_head]
        field.choices = [("", "Không đổi chủ hộ"), *others]
        self.stay = {str(row.pk): row.person for row in rows}

    def successor(self) -> Person | None:
        return self.stay.get(self.cleaned_data["new_head"])


class PlaceMixin(forms.Form):
    """A place outside the station's area."""

    reach = forms.ChoiceField(
        label="Phạm vi",
        choices=[("", "Chọn"), *((r.value, r.label) for r in Reach if r != Reach.COMMUNE)],
        error_messages={"required": "Hãy chọn trong tỉnh, ngoài tỉnh hay nước ngoài."},
    )
    unit = fields.CleanCharField(
        label="Xã, phường",
        widget=picks.widget("commune", placeholder="Gõ tên xã, phường không dấu"),
        required=False,
        help_text="Bỏ trống nếu không rõ.",
    )
    place_text = fields.CleanCharField(label="Địa chỉ, nơi ở", max_length=200, required=False)

    def place(self) -> Elsewhere:
        said = self.cleaned_data
        return Elsewhere(said["reach"], said["unit"], said["place_text"])


class HomeMixin(forms.Form):
    """A place of the station's area."""

    hamlet = HamletField(label="Thôn, tổ")
    address_text = fields.CleanCharField(label="Số nhà, đường, xóm", max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hamlets: Any = self.fields["hamlet"]
        hamlets.fill()


class HouseholdField(fields.CleanCharField):
    """Another household of the station, by its code."""

    def __init__(self, **kwargs: Any) -> None:
        placeholder = "Gõ tên một người trong hộ hoặc mã hộ"
        super().__init__(widget=picks.widget("household", placeholder=placeholder), **kwargs)

    def clean(self, value: Any) -> Household | None:
        code = super().clean(value)
        if not code:
            return None
        found = queries.household_by_code(code.upper())
        if len(found) != 1:
            raise forms.ValidationError(f"Không có hộ mang mã “{code[:12]}”.")
        return found[0]


class SplitForm(HomeMixin, StayingMixin, PeopleForm):
    becoming = True
    labels = {"on": "Ngày tách hộ", "hamlet": "Thôn, tổ của hộ mới", "address_text": "Địa chỉ của hộ mới"}
    first = ("people",)


class MergeForm(PeopleForm):
    into = HouseholdField(label="Nhập vào hộ")
    becoming, all_of_them = True, True
    labels = {"on": "Ngày nhập hộ"}
    first = ("into",)

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        for key in self.by_key:
            if said.get(_relation(key)) == HEAD:
                self.add_error(_relation(key), "Hộ kia đã có chủ hộ. Một hộ chỉ có một chủ hộ.")
        return said


class MoveForm(StayingMixin, PeopleForm):
    """Several of one family to another of the station."""

    into = HouseholdField(label="Chuyển sang hộ")
    becoming = True
    labels = {"on": "Ngày chuyển"}
    first = ("people", "into")


class HeadForm(EventForm):
    """Who heads the family from a day, and what the former head is to her or him."""

    becomes_head = forms.ChoiceField(label="Chủ hộ mới")
    relation = forms.ChoiceField(label="Chủ hộ cũ là gì của chủ hộ mới", required=False)
    labels = {"on": "Từ ngày"}
    first = ("becomes_head", "relation")

    def __init__(self, *args: Any, rows: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_key = {str(row.pk): row for row in rows if not row.is_head}
        head: Any = self.fields["becomes_head"]
        head.choices = [("", "Chọn"), *((key, row.person.full_name) for key, row in self.by_key.items())]
        relation: Any = self.fields["relation"]
        others = [row for row in codes.choices("relationship_to_head") if row[0] != HEAD]
        relation.choices = [("", "Để xem lại sau"), *others]

    def chosen(self) -> Person:
        return self.by_key[self.cleaned_data["becomes_head"]].person


class RelocateForm(HomeMixin, EventForm):
    labels = {"on": "Ngày chuyển", "hamlet": "Thôn, tổ nơi mới", "address_text": "Địa chỉ nơi mới"}
    first = ("hamlet", "address_text")


class DepartForm(PlaceMixin, StayingMixin, PeopleForm):
    labels = {
        "on": "Ngày chuyển đi",
        "reach": "Chuyển đến",
        "unit": "Xã, phường nơi đến",
        "place_text": "Địa chỉ nơi đến",
    }
    first = ("people",)


class ReturnForm(PeopleForm):
    becoming = True
    labels = {"on": "Ngày chuyển về"}
    first = ("people",)


class NewcomersForm(HomeMixin, PeopleForm):
    """Who has come from another station: into a family of ours, or as one of their own."""

    into = HouseholdField(
        label="Vào hộ đang có", required=False, help_text="Bỏ trống: lập hộ mới ở thôn chọn bên dưới."
    )
    becoming = True
    labels = {
        "on": "Ngày đến",
        "hamlet": "Thôn, tổ của hộ mới",
        "address_text": "Địa chỉ của hộ mới",
    }
    first = ("people", "into")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hamlet"].required = False

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if not self.errors and not said.get("into") and not said.get("hamlet"):
            self.add_error("hamlet", "Hãy chọn thôn, tổ của hộ mới, hoặc chọn hộ đang có.")
        return said


class DeclineForm(FormKeyMixin):
    """Who of them has not come, and why."""

    people = forms.MultipleChoiceField(
        label="Những ai",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Hãy chọn ít nhất một người.",
            "invalid_choice": "Có người không còn chờ nhận. Hãy mở lại trang.",
        },
    )
    reason = fields.CleanCharField(label="Vì sao không nhận", max_length=300)

    def __init__(self, *args: Any, rows: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["people"]
        people.choices = [(str(row.pk), row.person.full_name) for row in rows]


class AbsenceForm(PlaceMixin, PeopleForm):
    until = fields.DateField(label="Dự kiến về ngày", required=False)
    labels = {"on": "Ngày đi", "reach": "Đang ở", "unit": "Xã, phường đang ở", "place_text": "Địa chỉ đang ở"}
    first = ("people",)


class BackForm(PeopleForm):
    labels = {"on": "Ngày về"}
    first = ("people",)


STAYS, COMES, GOES, AWAY, TO, AWAY_OTHER, TO_OTHER = (
    "stays",
    "comes",
    "goes",
    "away",
    "to",
    "away_other",
    "to_other",
)


class CoupleForm(PlaceMixin, StayingMixin, EventForm):
    """A marriage or divorce of a member, and who of the two changes homes."""

    spouse = fields.CleanCharField(
        label="Vợ hoặc chồng",
        widget=picks.widget("person", placeholder="Gõ tên, năm sinh, số giấy tờ hoặc mã người"),
        required=False,
    )
    spouse_text = fields.CleanCharField(
        label="Họ tên vợ hoặc chồng, nếu không có hồ sơ", max_length=100, required=False
    )
    moves = forms.ChoiceField(label="Ai đổi chỗ ở", required=False)
    into = HouseholdField(label="Sang hộ", required=False)
    relation = forms.ChoiceField(label="Là gì của chủ hộ ở nơi đến", required=False)
    reason = fields.CleanCharField(label="Lý do vẫn ghi", max_length=300, required=False)
    labels = {
        "reach": "Chuyển đi hoặc đến từ",
        "unit": "Xã, phường nơi đi, nơi đến",
        "place_text": "Địa chỉ nơi đi, nơi đến",
    }
    first = ("spouse", "spouse_text")

    def __init__(self, *args: Any, person: Person, wedding: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = person.full_name
        self.fields["on"].label = "Ngày kết hôn" if wedding else "Ngày ly hôn"
        moves: Any = self.fields["moves"]
        moves.choices = (
            [
                (STAYS, "Không ai đổi chỗ ở"),
                (COMES, "Vợ hoặc chồng về ở hộ này"),
                (GOES, f"{name} về ở hộ của vợ hoặc chồng"),
                (AWAY, f"{name} chuyển đi khỏi xã"),
            ]
            if wedding
            else [
                (STAYS, "Không ai đổi chỗ ở"),
                (TO, f"{name} sang hộ khác trong xã"),
                (TO_OTHER, "Vợ hoặc chồng sang hộ khác trong xã"),
                (AWAY, f"{name} chuyển đi khỏi xã"),
                (AWAY_OTHER, "Vợ hoặc chồng chuyển đi khỏi xã"),
            ]
        )
        relation: Any = self.fields["relation"]
        relation.choices = [
            ("", "Chọn quan hệ"),
            *(row for row in codes.choices("relationship_to_head") if row[0] != HEAD),
        ]
        self.fields["reach"].required = False
        if wedding:
            del self.fields["into"]

    def clean_spouse(self) -> Person | None:
        return picked(self.cleaned_data["spouse"])


class WithdrawForm(FormKeyMixin, VersionMixin):
    reason = fields.CleanCharField(
        label="Vì sao là ghi nhầm",
        max_length=300,
        error_messages={"required": "Hãy ghi vì sao biến động này là nhập nhầm."},
    )


def ids(text: str) -> list[UUID]:
    """Ids of an address' query, whatever it holds."""
    found = []
    for part in text.split(",")[:50]:
        try:
            found.append(UUID(part))
        except ValueError:
            continue
    return found
