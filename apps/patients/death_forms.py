"""The form of a death, in the order of register A6 and of the certificate of causes."""

from typing import Any

from django import forms
from django.utils import timezone

from apps.catalogues import codes, picks
from apps.core import fields
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.patients import death_rules
from apps.patients.death_data import DeathData
from apps.patients.death_rules import LINE_WORDS, OTHER, PART_ONE, Cause
from apps.patients.models import Death, DeathPlace, MaternalReview, MaternalTiming, Person, ThreeValued
from apps.patients.picking import picked

UNIT_CHOICES = [
    ("minute", "phút"),
    ("hour", "giờ"),
    ("day", "ngày"),
    ("week", "tuần"),
    ("month", "tháng"),
    ("year", "năm"),
]
UNIT_WORDS = dict(UNIT_CHOICES)
LONGEST = 9999  # of any unit: what a certificate has room for
TITLES = {
    "a": "Bệnh, tình trạng trực tiếp gây tử vong",
    "b": "do",
    "c": "do",
    "d": "do (bệnh khởi đầu)",
}
ASK = [("", "Chưa ghi"), *ThreeValued.choices]


class DeathForm(FormKeyMixin, VersionMixin):
    """Everything that A6 asks, and the chain of causes Ia to Id and II with their intervals."""

    died_on = fields.DateField(label="Ngày tử vong")
    died_time = fields.TimeField(label="Giờ (nếu biết)", required=False)
    entered_on = fields.DateField(label="Ngày ghi sổ")
    place = forms.ChoiceField(
        label="Nơi tử vong",
        choices=DeathPlace.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Hãy chọn nơi tử vong."},
    )
    place_text = fields.CleanCharField(label="Ghi rõ nơi tử vong", max_length=200, required=False)
    codes_two = forms.Field(
        label="II. Bệnh khác góp phần gây tử vong",
        widget=picks.widget("icd10", day_of="died_on", multiple=True),
        required=False,
    )
    text_two = fields.CleanCharField(label="Ghi thêm bằng lời", max_length=300, required=False)
    injury_cause = forms.ChoiceField(
        label="Tai nạn, thương tích: nguyên nhân",
        choices=lambda: [("", "Không phải tai nạn, thương tích"), *codes.choices("injury_cause")],
        required=False,
    )
    maternal = forms.ChoiceField(
        label="Hỏi gia đình: lúc mất có đang mang thai, đẻ, hay mới đẻ, sảy, phá thai?",
        choices=[("", "Chưa hỏi"), *MaternalTiming.choices],
        required=False,
    )
    pregnancy_ended_on = fields.DateField(label="Ngày đẻ, sảy, phá thai", required=False)
    attended = forms.ChoiceField(label="Được chăm sóc y tế trước khi chết", choices=ASK, required=False)
    certified_by = fields.CleanCharField(
        label="Cán bộ y tế xác nhận nguyên nhân", max_length=120, required=False
    )
    certificate_no = fields.CleanCharField(label="Số giấy báo tử", max_length=40, required=False)
    certificate_on = fields.DateField(label="Ngày cấp giấy báo tử", required=False)
    informant = fields.CleanCharField(label="Người báo tin, quan hệ", max_length=150, required=False)
    autopsy = forms.ChoiceField(label="Mổ tử thi", choices=ASK, required=False)
    note = fields.CleanCharField(label="Ghi chú", max_length=500, required=False)
    reason = fields.CleanCharField(label="Vì sao vẫn đúng", max_length=300, required=False)

    def __init__(self, *args: Any, person: Person, asks: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        for line in PART_ONE:
            word = LINE_WORDS[line]
            self.fields[f"{line}_code"] = fields.CleanCharField(
                label=f"{word}. {TITLES[line]}",
                widget=picks.widget("icd10", day_of="died_on"),
                required=False,
            )
            self.fields[f"{line}_text"] = fields.CleanCharField(
                label=f"{word} ghi bằng lời", max_length=300, required=False
            )
            self.fields[f"{line}_value"] = forms.IntegerField(
                label=f"{word} trong bao lâu",
                min_value=0,
                max_value=LONGEST,
                required=False,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": "6"}),
                error_messages={
                    "invalid": "Hãy ghi một số nguyên.",
                    "max_value": f"Nhiều nhất {LONGEST}.",
                    "min_value": "Không thể là số âm.",
                },
            )
            self.fields[f"{line}_unit"] = forms.ChoiceField(
                label=f"{word} đơn vị", choices=UNIT_CHOICES, required=False, initial="day"
            )
        if person.sex == "male":
            del self.fields["maternal"], self.fields["pregnancy_ended_on"]
        self.asks = asks
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The rows of part I, as the page lays them out."""
        return [
            {
                "code": self[f"{line}_code"],
                "text": self[f"{line}_text"],
                "value": self[f"{line}_value"],
                "unit": self[f"{line}_unit"],
            }
            for line in PART_ONE
        ]

    def clean_codes_two(self) -> list[str]:
        return [code[:10] for code in self.cleaned_data["codes_two"] or []][:10]

    def clean(self) -> dict[str, Any]:
        """What is missing is told with all the rest; the service would tell it one save later."""
        said = self.cleaned_data
        if any(self.errors.get(f"{line}_{part}") for line in PART_ONE for part in ("code", "text")):
            return said
        for refusal in death_rules.blocks(self._part_one()):
            if refusal.field not in self.errors:
                self.add_error(refusal.field, refusal.message)
        if self.asks and not said.get("maternal") and "maternal" not in self.errors:
            self.add_error("maternal", death_rules.ASK_MATERNAL)
        return said

    def _part_one(self) -> list[Cause]:
        said = self.cleaned_data
        return [
            Cause(
                line,
                said.get(f"{line}_code", ""),
                said.get(f"{line}_text", ""),
                said.get(f"{line}_value"),
                said.get(f"{line}_unit") or "day",
            )
            for line in PART_ONE
            if said.get(f"{line}_code") or said.get(f"{line}_text") or said.get(f"{line}_value") is not None
        ]

    def data_of(self) -> DeathData:
        said = self.cleaned_data
        causes = self._part_one()
        causes += [Cause(OTHER, code) for code in said["codes_two"]]
        if said["text_two"]:
            causes.append(Cause(OTHER, "", said["text_two"]))
        taken = {
            name: said[name] for name in DeathData.__dataclass_fields__ if name in said and name != "causes"
        }
        return DeathData(**taken, causes=tuple(causes))

    def own_field(self, name: str | None) -> str | None:
        """Where the form shows what a rule says of a field."""
        return {"o_code": "codes_two", "o_text": "text_two"}.get(name or "", name)


def initial_of(death: Death, data: DeathData) -> dict[str, Any]:
    """What the form shows of a stored death."""
    said: dict[str, Any] = {
        name: getattr(data, name) for name in DeathData.__dataclass_fields__ if name != "causes"
    }
    for cause in data.causes:
        if cause.line in PART_ONE:
            said |= {
                f"{cause.line}_code": cause.code,
                f"{cause.line}_text": cause.text,
                f"{cause.line}_value": cause.value,
                f"{cause.line}_unit": cause.unit or "day",
            }
    said["codes_two"] = [cause.code for cause in data.causes if cause.line == OTHER and cause.code]
    said["text_two"] = "; ".join(
        cause.text for cause in data.causes if cause.line == OTHER and not cause.code and cause.text
    )
    return said | {"version": death.version}


def fresh() -> dict[str, Any]:
    """What an empty form begins with: the day of entry is today, the day of death is never guessed."""
    return {"entered_on": timezone.localdate()}


class InErrorForm(FormKeyMixin, VersionMixin):
    """She lives; or somebody else died."""

    reason = fields.CleanCharField(label="Vì sao ghi nhầm", max_length=300)
    instead = fields.CleanCharField(
        label="Người mất thật ra là (nếu nhầm người)",
        widget=picks.widget("person", placeholder="Gõ tên hoặc mã người"),
        required=False,
        help_text="Ghi nhận này chuyển nguyên sang người đó.",
    )

    def clean_instead(self) -> Person | None:
        return picked(self.cleaned_data["instead"])


class ReviewForm(FormKeyMixin, VersionMixin, forms.ModelForm):
    """The review file of a possible maternal death."""

    antenatal_visits = forms.IntegerField(
        label="Số lần khám thai",
        required=False,
        min_value=0,
        max_value=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": "Hãy ghi một số nguyên.", "max_value": "Nhiều nhất 40 lần."},
    )
    reviewed_on = fields.DateField(label="Ngày thẩm định", required=False)
    course = fields.CleanCharField(
        label="Diễn biến từ khi có dấu hiệu đến khi mất",
        lines=True,
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    lessons = fields.CleanCharField(
        label="Bài học, kiến nghị",
        lines=True,
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    members = fields.CleanCharField(
        label="Thành phần thẩm định",
        lines=True,
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, word in (("kind", "Chưa kết luận"), ("avoidable", "Chưa ghi")):
            chosen: Any = self.fields[name]
            chosen.choices = [("", word), *(each for each in chosen.choices if each[0])]
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    class Meta:
        model = MaternalReview
        fields = (
            "antenatal_place",
            "antenatal_visits",
            "birth_place",
            "birth_how",
            "outcome",
            "course",
            "delay_decide",
            "delay_reach",
            "delay_care",
            "kind",
            "avoidable",
            "lessons",
            "members",
            "reviewed_on",
        )
