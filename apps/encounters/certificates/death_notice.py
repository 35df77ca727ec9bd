"""Giấy báo tử of a death that the station has recorded (NĐ 123/2015/NĐ-CP, Điều 4 and 13).

It stands here and not with the death: it is signed, numbered, listed and cancelled like the other papers.
"""

import datetime as dt
from typing import Any

from django import forms

from apps.catalogues import codes
from apps.core.fields import CleanCharField
from apps.core.scope import current
from apps.core.words import date_words
from apps.encounters.certificates.kinds import CertificateForm, Kind, Marks, Subject
from apps.encounters.rules import Problem
from apps.patients import death_register, restricted
from apps.patients.models import DeathCause, DeathPlace

NOT_READABLE = "Nguyên nhân tử vong là thông tin hạn chế, bạn không được xem nên không cấp được giấy này."


class DeathNoticeForm(CertificateForm):
    cause = CleanCharField(
        label="Nguyên nhân tử vong",
        max_length=500,
        lines=True,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "Ghi nguyên nhân tử vong."},
    )
    place = CleanCharField(
        label="Nơi tử vong", max_length=300, error_messages={"required": "Ghi nơi tử vong."}
    )
    receiver = CleanCharField(label="Người nhận giấy, quan hệ", max_length=150, required=False)
    receiver_identity = CleanCharField(label="Số giấy tờ của người nhận", max_length=40, required=False)

    WIDTHS = {"cause": 12, "place": 12, "receiver": 7, "receiver_identity": 5}


class DeathNotice(Kind):
    key, slug, order = "death", "bao-tu", 60
    title = "Giấy báo tử"
    lead = "Theo ghi nhận tử vong trong sổ A6; gia đình dùng để đăng ký khai tử."
    number = "certificate.death"
    act = "death_notice"
    template = "print/certificates/death.html"
    form = DeathNoticeForm

    def why_not(self, subject: Subject) -> str:
        death = subject.of_death
        if not death.stands:
            return "Ghi nhận tử vong này đã ghi là nhầm."
        hidden = death.restricted and not current().can(restricted.RIGHT)
        return NOT_READABLE if hidden else ""

    def begin(self, subject: Subject) -> dict[str, Any]:
        death = subject.of_death
        # the causes of a death whose causes may be read, see why_not
        main = DeathCause.objects.filter(death=death, underlying=True).first()
        place = ": ".join(part for part in (death.get_place_display(), death.place_text) if part)
        return {
            "cause": death_register.cause_words(main),
            "place": place,
            "receiver": death.informant,
        }

    def judge(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> list[Problem]:
        found, death = [], subject.of_death
        if death.certificate_no:
            sentence = (
                f"Ghi nhận tử vong đã có giấy báo tử số {death.certificate_no}. Vì sao cấp giấy nữa? Số của "
                "giấy này sẽ thay vào sổ A6."
            )
            found.append(Problem("noted", sentence, "cause"))
        if death.place != DeathPlace.FACILITY:
            sentence = (
                "Không mất tại cơ sở y tế: giấy báo tử của người mất ở nhà, ngoài cộng đồng thường do "
                "Ủy ban nhân dân xã cấp. Vì sao trạm cấp?"
            )
            found.append(Problem("not-here", sentence, "place"))
        return found

    def marks(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> Marks:
        return Marks(since=subject.of_death.died_on)

    def words(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> dict[str, Any]:
        death = subject.of_death
        at = death.died_time
        time = f"{at:%H} giờ {at:%M} phút, " if at else "…… giờ …… phút, "
        on = death.died_on
        return {
            **said,
            "died": f"{time}ngày {on.day:02d} tháng {on.month:02d} năm {on.year}",
            "died_on": date_words(on),
            "nationality": codes.label("nationalities", subject.person.nationality, on),
        }
