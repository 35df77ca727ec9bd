"""FHIR expressions in the words of our forms, and what to open to correct them."""

import re

# Longest prefix wins. (word on our form, what to open)
FIELDS = {
    "Patient": ("Thông tin hành chính", "person"),
    "Patient.identifier": ("Số CCCD, thẻ BHYT", "person"),
    "Patient.name": ("Họ và tên", "person"),
    "Patient.gender": ("Giới tính", "person"),
    "Patient.birthDate": ("Ngày sinh", "person"),
    "Patient.address": ("Địa chỉ", "person"),
    "Patient.telecom": ("Điện thoại", "person"),
    "Patient.deceased": ("Ngày mất", "person"),
    "AllergyIntolerance": ("Dị ứng", "person"),
    "Encounter": ("Lượt khám", "visit"),
    "Encounter.reasonCode": ("Lý do đến khám", "visit"),
    "Encounter.period": ("Giờ khám", "visit"),
    "Encounter.diagnosis": ("Chẩn đoán", "visit"),
    "Encounter.participant": ("Người khám", "visit"),
    "Encounter.hospitalization": ("Kết quả, xử trí", "visit"),
    "Condition": ("Chẩn đoán", "visit"),
    "Condition.code": ("Mã bệnh ICD-10", "visit"),
    "Observation": ("Dấu hiệu sinh tồn, kết quả xét nghiệm", "visit"),
    "ServiceRequest": ("Chỉ định", "visit"),
    "DiagnosticReport": ("Kết quả xét nghiệm, thăm dò", "visit"),
    "Procedure": ("Thủ thuật, buổi điều trị", "visit"),
    "Composition": ("Bệnh sử, khám bệnh, lời dặn", "visit"),
    "DocumentReference": ("Tệp đính kèm, giấy đã cấp", "visit"),
    "QuestionnaireResponse": ("Phiếu theo dõi, phiếu trẻ bệnh", "visit"),
    "MedicationRequest": ("Đơn thuốc", "visit"),
    "MedicationRequest.medication": ("Thuốc", "visit"),
    "MedicationRequest.dosageInstruction": ("Cách dùng thuốc", "visit"),
    "MedicationRequest.dispenseRequest": ("Số lượng thuốc", "visit"),
    "MedicationDispense": ("Cấp phát thuốc", "visit"),
    "Immunization": ("Mũi tiêm", "vaccination"),
    "Immunization.vaccineCode": ("Vắc xin", "vaccination"),
    "Immunization.occurrence": ("Ngày tiêm", "vaccination"),
    "Immunization.lotNumber": ("Số lô", "vaccination"),
    "Immunization.expirationDate": ("Hạn dùng", "vaccination"),
    "Immunization.protocolApplied": ("Thứ tự mũi", "vaccination"),
    "Immunization.performer": ("Người tiêm", "vaccination"),
    "Immunization.reaction": ("Phản ứng sau tiêm", "vaccination"),
    "Practitioner": ("Người hành nghề", "place"),
    "Organization": ("Cơ sở khám bệnh", "place"),
}


def field_of(expression: str) -> tuple[str, str]:
    """(our word, what to open) for `Patient.birthDate`; both empty for what we do not know."""
    path = re.sub(r"\[\d+\]|\.where\(.*?\)|\.ofType\(.*?\)", "", expression)
    known = [name for name in FIELDS if path == name or path.startswith(name)]
    return FIELDS[max(known, key=len)] if known else ("", "")
