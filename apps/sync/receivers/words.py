"""A receiver's settings read back in words, for whoever has to answer for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from apps.sync.mappings import qd3891, table
from apps.sync.mappings.checkup import options as checkup_options
from apps.sync.mappings.eprescription import options as eprescription_options
from apps.sync.mappings.qd831.options import options_from
from apps.sync.mappings.systems import CODE_KINDS
from apps.sync.models import Receiver, ReceiverKind
from apps.sync.receivers import adapter_for, tokens
from apps.sync.receivers.checkup import manner as checkup_manner
from apps.sync.receivers.eprescription import manner as eprescription_manner
from apps.sync.receivers.qd831.manner import Manner, manner_from

Line = tuple[str, str]  # label, words
MATCHES = {
    "record": "mã hồ sơ của phần mềm, không bao giờ đổi",
    "number": "số do trạm cấp",
    "cccd": "số căn cước",
    "bhyt": "số thẻ BHYT",
}
GUIDES = {
    "vn-core": "VN Core của HL7 Việt Nam, bản 2026",
    "ehealth": "VN Core trước đó (hl7vn/vn-core-ig)",
}
KEPT = {"Organization": "cơ sở y tế", "Practitioner": "người hành nghề", "Patient": "người bệnh"}
SIGNED = {"hashes": "ký trên mã băm của phần đầu và dữ liệu", "joined": "ký trên phần đầu nối dữ liệu"}
NO_PASSWORD = "không có mật khẩu"  # noqa: S105 - words
SEXES = {"male": "nam", "female": "nữ", "unknown": "chưa rõ"}
CHECKS = {
    "version": "hỏi lại số phiên bản nơi nhận đang giữ",
    "content": "hỏi lại và so từng nội dung",
    "no": "không hỏi lại được",
}


def told(receiver: Receiver) -> list[Line]:
    """Label and words of each setting; the one sentence that says why they cannot be."""
    try:
        adapter = adapter_for(receiver)
        how = tokens.wanted(receiver)
    except ValueError as wrong:
        return [("Thiết lập sai", str(wrong))]
    lines = [("Mã truy cập", _token(receiver, how))]
    lines += TELLERS[ReceiverKind(receiver.kind)](receiver.settings)
    wanted = receiver.settings.get("mapped", adapter.mapped)
    mapped = [CODE_KINDS[kind] for kind in adapter.code_kinds if kind in wanted]
    return [*lines, ("Loại mã phải đổi", ", ".join(mapped) or "không có, gửi mã của trạm")]


def _token(receiver: Receiver, how: tokens.Wanted | None) -> str:
    name = receiver.token_key
    if how is None:
        return f"cố định, trong biến {name}" if name else "không dùng"
    if receiver.settings.get("account") == "doctor":
        said = "mỗi người kê đơn đăng nhập bằng mã liên thông của mình, "
        return said + (f"mật khẩu trong biến {name}_<mã trạm>_<mã liên thông>" if name else NO_PASSWORD)
    each = tokens.UNIT in how.client
    client = how.client.replace(tokens.UNIT, "<mã trạm>")
    place = f"mật khẩu trong biến {name}" if name else NO_PASSWORD
    if how.auth != "login":
        return f"xin tại {how.url} bằng {client}, {place}"
    accounts = ", mỗi trạm một tài khoản" if each else ""
    accounts += f" ({name}_<mã trạm>)" if each and name else ""
    return f"đăng nhập tại {how.url} bằng {client}, {place}{accounts}"


def _fhir(said: dict[str, Any]) -> Iterator[Line]:
    yield "Bộ chuẩn", GUIDES[said.get("guide", "vn-core")]
    yield "Nhận ra người bệnh theo", MATCHES[said.get("match_patient", "record")]
    kept = [KEPT[kind] for kind in said.get("mastered", ("Organization", "Practitioner"))]
    yield "Nơi nhận tự quản lý", ", ".join(kept) or "không có"
    yield "Phần ghi chép khi khám", "có gửi" if said.get("notes", True) else "không gửi"
    yield "Đối chiếu về sau", CHECKS[said.get("verify", "version")]


def _qd831(said: dict[str, Any]) -> Iterator[Line]:
    options, manner = options_from(said), manner_from(said)
    actions = options.actions
    yield "Đường dẫn nộp", manner.submit
    yield "Đối chiếu về sau", manner.status or "không hỏi lại được: chưa có đường dẫn tra cứu"
    names = (("new", "bản mới"), ("changed", "bản sửa"), ("withdrawn", "bản rút lại"))
    yield "Việc phải làm (ACTION_TYPE)", ", ".join(f"{word}: {actions[name]}" for name, word in names)
    yield "Đứng tên gửi", options.sender[1] or options.sender[0] or "trạm của lượt khám"
    yield "Nhận ra người bệnh theo", MATCHES[options.match_patient]
    yield "Nhận ra lượt khám theo", MATCHES[options.match_visit]
    yield "Phần ghi chép khi khám", "có gửi" if options.notes else "không gửi"
    yield "Trường không có giá trị", "gửi phần tử trống" if options.empty else "bỏ phần tử"
    yield _unsure(said, "qd831")
    if differing := [name for name in ("code", "tracking", "errors", "state") if _own(said, name)]:
        yield "Cách đọc trả lời", f"theo nơi nhận: {', '.join(differing)}"


def _vaccination(said: dict[str, Any]) -> Iterator[Line]:
    yield "Cách truyền", f"gói giao dịch FHIR, {GUIDES[said.get('guide', 'vn-core')]}"
    yield "Nhận ra người tiêm theo", MATCHES[said.get("match_patient", "record")]
    yield "Đối chiếu về sau", CHECKS[said.get("verify", "version")]
    form = qd3891.form_from(said)
    required = [each for each in form.fields if each.required]
    taken_empty = [each.word for each in required if each.key in form.may_lack]
    yield (
        "Trường bắt buộc (QĐ 3891)",
        f"{len(required)} trường, thiếu thì không gửi"
        + (f"; nơi nhận cho trống: {', '.join(taken_empty)}" if taken_empty else ""),
    )
    unsure = [
        each for each in form.fields if each.confidence == "low" and each.key not in said.get("columns", {})
    ]
    yield (
        "Tên cột Excel chưa đối chiếu",
        f"{len(unsure)} tên chưa có văn bản để đối chiếu; hỏi nơi nhận rồi ghi vào columns"
        if unsure
        else "không còn",
    )
    yield "Không gửi", "người do quốc phòng, công an quản lý vào ngày tiêm"


def _own(said: dict[str, Any], name: str) -> bool:
    return bool(said.get("answers", {}).get(name, getattr(Manner, name)) != getattr(Manner, name))


def _eprescription(said: dict[str, Any]) -> Iterator[Line]:
    options, manner = eprescription_options.options_from(said), eprescription_manner.manner_from(said)
    yield "Đường dẫn gửi đơn", manner.submit
    yield (
        "Đứng tên gửi",
        "người kê đơn, theo mã liên thông" if manner.account == "doctor" else "cơ sở, theo mã liên thông",
    )
    yield "Sửa, rút đơn đã gửi", "không có qua đường truyền: làm tay, phần mềm mở việc cho trạm"
    yield "Mã giới tính", ", ".join(f"{SEXES[key]}: {options.sexes[key]}" for key in SEXES)
    yield "Cân nặng", _below(options.weight_months)
    yield "Người giám hộ", _below(options.guardian_months)
    yield "Tái khám", "số ngày" if options.follow_up == "days" else "ngày hẹn"
    yield "Chữ ký", f"bằng khóa trong biến {manner.sign}" if manner.sign else "không ký"
    yield _unsure(said, eprescription_options.FORM)


def _below(months: int) -> str:
    return f"phải có khi dưới {months} tháng tuổi" if months else "có thì gửi"


def _unsure(said: dict[str, Any], form: str) -> Line:
    """How many names of the form nobody has confirmed."""
    own = said.get("elements", {})
    fields = table.shipped(form).walk()
    unsure = [field for field in fields if field.confidence == "low" and field.path not in own]
    words = f"{len(unsure)} tên chưa có văn bản để đối chiếu; hỏi nơi nhận rồi ghi vào elements"
    return "Tên phần tử chưa đối chiếu", words if unsure else "không còn"


def _check_up(said: dict[str, Any]) -> Iterator[Line]:
    options, manner = checkup_options.options_from(said), checkup_manner.manner_from(said)
    yield "Đường dẫn gửi", manner.submit
    yield "Mã nơi nhận trên trục", manner.receiver_id
    yield "Đứng tên gửi", options.sender or "mã cơ sở 13 số của trạm"
    how = SIGNED[manner.signed]
    yield "Chữ ký", f"bằng khóa trong biến {manner.sign} (mỗi trạm: {manner.sign}_<mã trạm>), {how}"
    yield "Sửa, rút giấy đã gửi", "không có qua đường truyền: làm tay, phần mềm mở việc cho trạm"
    yield "Mã giới tính", ", ".join(f"{SEXES[key]}: {options.sexes[key]}" for key in SEXES)
    yield _unsure(said, checkup_options.FORM)


TELLERS: dict[ReceiverKind, Callable[[dict[str, Any]], Iterator[Line]]] = {
    ReceiverKind.FHIR: _fhir,
    ReceiverKind.QD831: _qd831,
    ReceiverKind.VACCINATION: _vaccination,
    ReceiverKind.EPRESCRIPTION: _eprescription,
    ReceiverKind.CHECK_UP: _check_up,
}
