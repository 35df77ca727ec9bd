"""The forms of reception: one person, a family, an emergency without papers, the queue, rooms."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms

from apps.catalogues import codes
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.encounters import checks
from apps.encounters.desk import gateway, receiving
from apps.encounters.desk.cards import JudgedCard
from apps.encounters.inputs import CardLookup, Opening
from apps.encounters.models import EXAM, Payer, Room
from apps.patients.forms import SEX_CHOICES
from apps.patients.models import Person

NO_CARD = ("", "Không dùng thẻ")
NOT_LOOKED_UP = ("", "Chưa tra cứu")
REASON_LIST = "visit-reasons"  # the id of the page's suggestions


def reason_field() -> forms.CharField:
    """Why she came: free text, with the station's usual words to choose from."""
    widget = forms.TextInput({"list": REASON_LIST, "autocomplete": "off"})
    return forms.CharField(label="Lý do đến khám", required=False, max_length=500, widget=widget)


def card_choices(cards: Sequence[JudgedCard]) -> list[tuple[str, str]]:
    return [
        NO_CARD,
        *((str(each.card.pk), f"{each.card.number} · {each.validity}") for each in cards if each.good),
    ]


class ReceptionForm(FormKeyMixin, VersionMixin):
    """Reception of one person: why she came, who pays, whether it cannot wait."""

    reason = reason_field()
    kind = forms.ChoiceField(label="Loại lượt", required=False)
    payer = forms.ChoiceField(label="Đối tượng", choices=Payer.choices)
    card = forms.ChoiceField(label="Thẻ BHYT", required=False)
    lookup = forms.ChoiceField(label="Kết quả tra thẻ", required=False)
    lookup_token = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)
    free_for = forms.ChoiceField(label="Miễn phí theo", required=False)
    room = forms.ChoiceField(label="Phòng, bàn", required=False)
    emergency = forms.BooleanField(label="Cấp cứu: khám trước, bổ sung giấy tờ sau", required=False)
    override = forms.CharField(label="Lý do vẫn tiếp nhận", required=False, max_length=300)

    def __init__(
        self, *args: Any, on: dt.date, cards: Sequence[JudgedCard], rooms: Sequence[Room], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.cards = {str(each.card.pk): each.card for each in cards if each.good}
        self._choose("kind", codes.choices(receiving.KINDS, on) or [(EXAM, "Khám bệnh")])
        self._choose("card", card_choices(cards))
        self._choose("lookup", [NOT_LOOKED_UP, *gateway.choices(on)])
        self._choose("free_for", [("", "—"), *codes.choices(receiving.FREE, on)])
        if rooms:
            self._choose(
                "room", [("", "Phòng nào cũng được"), *((str(room.pk), room.name) for room in rooms)]
            )
        else:
            del self.fields["room"]
        good = [each for each in cards if each.good]
        self.fields["kind"].initial = EXAM
        self.fields["card"].initial = str(good[0].card.pk) if good else ""
        self.fields["payer"].initial = Payer.BHYT if good else Payer.FEE

    def _choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        box: Any = self.fields[name]
        box.choices = choices

    def _typed(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    def opening(self) -> Opening:
        """What a valid form says."""
        return Opening(
            reason=self._typed("reason"),
            kind=self._typed("kind") or EXAM,
            payer=self._typed("payer"),
            card_id=self.cards.get(self._typed("card")) if self._typed("payer") == Payer.BHYT else None,
            free_for=self._typed("free_for"),
            room_id=self._typed("room") or None,
            emergency=bool(self.cleaned_data.get("emergency")),
            lookup=self._lookup(),
        )

    def _lookup(self) -> CardLookup | None:
        """What she typed; where she left the gateway's own answer standing, that."""
        typed = self._typed("lookup")
        told = checks.said(self._typed("lookup_token"), self._typed("card"))
        if told and typed in ("", told.code):
            return told
        return CardLookup(typed) if typed else None


class MemberForm(forms.Form):
    """One line of a family: ticked or not, why she came, who pays."""

    tick = forms.BooleanField(label="Tiếp nhận", required=False)
    reason = reason_field()
    payer = forms.ChoiceField(label="Đối tượng, thẻ")
    emergency = forms.BooleanField(label="Cấp cứu", required=False)

    def __init__(self, data: Any = None, *, person: Person, cards: Sequence[JudgedCard]) -> None:
        super().__init__(data, prefix=f"p-{person.pk}")
        self.person = person
        good = [each for each in cards if each.good]
        box: Any = self.fields["payer"]
        box.choices = [
            *((f"bhyt {each.card.pk}", f"BHYT {each.card.number}") for each in good),
            (Payer.BHYT, "BHYT, chưa có thẻ"),
            (Payer.FEE, "Thu phí"),
            (Payer.FREE, "Miễn phí"),
        ]
        self.fields["payer"].initial = f"bhyt {good[0].card.pk}" if good else Payer.FEE
        for name in ("reason", "payer", "emergency", "tick"):
            self.fields[name].widget.attrs["aria-label"] = f"{self.fields[name].label}: {person.full_name}"
        for name in ("reason", "payer"):
            self.fields[name].widget.attrs["class"] = "input"

    def opening(self, shared: "FamilyForm") -> Opening:
        """What a valid, ticked line says; an empty reason is the family's."""
        data = self.cleaned_data
        payer, _, card = data["payer"].partition(" ")
        return Opening(
            reason=data["reason"] or shared.cleaned_data["reason"],
            kind=shared.cleaned_data["kind"],
            payer=payer,
            card_id=card or None,
            emergency=data["emergency"],
            room_id=shared.cleaned_data.get("room") or None,
        )


class FamilyForm(FormKeyMixin):
    """What holds for all who are ticked."""

    reason = reason_field()
    kind = forms.ChoiceField(label="Loại lượt")
    room = forms.ChoiceField(label="Phòng, bàn", required=False)
    override = forms.CharField(label="Lý do vẫn tiếp nhận", required=False, max_length=300)

    def __init__(self, *args: Any, on: dt.date, rooms: Sequence[Room], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = "Lý do chung của cả nhà"
        kinds: Any = self.fields["kind"]
        kinds.choices = codes.choices(receiving.KINDS, on) or [(EXAM, "Khám bệnh")]
        if rooms:
            box: Any = self.fields["room"]
            box.choices = [("", "Phòng nào cũng được"), *((str(room.pk), room.name) for room in rooms)]
        else:
            del self.fields["room"]


def _whole(label: str, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=most,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off", "maxlength": 3}),
        error_messages={
            "invalid": "Ghi một số.",
            "max_value": f"Nhiều nhất là {most}.",
            "min_value": "Ghi một số từ 0.",
        },
    )


class EmergencyForm(FormKeyMixin):
    """Somebody nobody can name, who cannot wait: what is seen of her, and at once a visit."""

    sex = forms.ChoiceField(
        label="Giới tính",
        choices=SEX_CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": "Hãy chọn giới tính."},
    )
    years = _whole("Khoảng bao nhiêu tuổi", 120)
    marks = forms.CharField(
        label="Đặc điểm nhận dạng",
        max_length=400,
        help_text="Vóc dáng, quần áo, vết sẹo, đồ mang theo.",
        error_messages={"required": "Hãy ghi đặc điểm nhận dạng: vóc dáng, quần áo, vết sẹo …"},
    )
    brought_by = forms.CharField(label="Người đưa đến, điện thoại", max_length=200, required=False)
    reason = reason_field()


class LeaveForm(FormKeyMixin, VersionMixin):
    """She went away."""

    reason = forms.CharField(label="Lý do bỏ về (nếu biết)", required=False, max_length=300)


class RoomForm(FormKeyMixin):
    """A room of this workplace."""

    name = forms.CharField(
        label="Tên phòng, bàn", max_length=40, error_messages={"required": "Ghi tên phòng, bàn khám."}
    )
    position = _whole("Thứ tự", 99)
