"""The catalogues that come with the software: one Table a file of fixtures/catalogues/.

Where each file comes from stands in fixtures/README.md.
"""

from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef

from apps.catalogues.models import (
    CodeEntry,
    CommunicableDisease,
    Drug,
    Edition,
    Icd10,
    Icd10Rule,
    LabTest,
    Service,
    ServicePrice,
    Supply,
)
from apps.catalogues.readers import (
    communicable,
    drug,
    entry,
    icd10,
    icd10_age,
    icd10_common,
    icd10_pair,
    lab_test,
    service,
    service_price,
    supply,
)
from apps.catalogues.tables import Table


def _mark_common() -> None:
    """Icd10.common follows the list 'icd10_common', in both editions."""
    listed = CodeEntry.objects.filter(list="icd10_common", valid_to=None, code=OuterRef("code"))
    Icd10.objects.filter(Exists(listed), common=False).update(common=True)
    Icd10.objects.filter(~Exists(listed), common=True).update(common=False)


def _entries(key: str, title: str, order: int, *lists: str) -> Table:
    return Table(
        key=key,
        title=title,
        file=f"{key}.csv",
        model=CodeEntry,
        key_fields=("list", "code", "scope", "valid_from"),
        required=("list", "code", "name"),
        read=partial(entry, lists=lists),
        order=order,
        universe={"list__in": lists},
    )


_DRUG: dict[str, Any] = {
    "model": Drug,
    "key_fields": ("code",),
    "required": ("code", "ingredient", "name"),
    "read": drug,
}
_SERVICE: dict[str, Any] = {"model": Service, "key_fields": ("code",), "read": service}
_EXAM_BED = ("Khám bệnh", "Ngày giường")
_PRICE: dict[str, Any] = {
    "model": ServicePrice,
    "key_fields": ("service_id", "payer", "area", "valid_from"),
    "required": ("service_code", "price"),
    "read": service_price,
}
_ICD: dict[str, Any] = {
    "model": Icd10,
    "key_fields": ("code", "marker"),
    "required": ("code", "name_vi"),
    "read": icd10,
    "after": _mark_common,
}
_RULE: dict[str, Any] = {"model": Icd10Rule, "key_fields": ("code", "other")}

# The lists of code_lists.csv with their titles; the file may name no other.
SMALL_LISTS: dict[str, str] = {
    "gender": "Giới tính",
    "treatment_result": "Kết quả điều trị",
    "discharge_type": "Tình trạng ra viện",
    "accident_type": "Loại tai nạn thương tích",
    "visit_type": "Loại hình khám chữa bệnh",
    "cost_group": "Nhóm chi phí",
    "benefit_scope": "Phạm vi hưởng",
    "payment_method": "Phương thức thanh toán",
    "anesthesia_method": "Phương pháp vô cảm",
    "living_area": "Khu vực sinh sống",
    "tb_site": "Vị trí lao",
    "tb_history": "Tiền sử điều trị lao",
    "health_check_subject": "Đối tượng khám sức khỏe",
    "health_check_funding": "Nguồn kinh phí khám sức khỏe",
    "health_class": "Phân loại sức khỏe",
    "vaccination_history": "Tiền sử tiêm chủng",
    "abnormal_obstetric_history": "Tiền sử sản khoa bất thường",
    "religion": "Tôn giáo",
    "education_grade": "Lớp đã học",
    "education_level": "Trình độ học vấn",
    "marital_status": "Tình trạng hôn nhân",
    "relationship_to_head": "Quan hệ với chủ hộ",
    "relationship_health_check": "Quan hệ với người được khám",
    "occupation_4069": "Nghề nghiệp theo QĐ 4069",
    "blood_group_abo": "Nhóm máu ABO",
    "blood_group_rh": "Nhóm máu Rh",
    "bhyt_card_benefit_level": "Mức hưởng trên thẻ BHYT",
    "facility_level": "Cấp chuyên môn kỹ thuật",
    "payer": "Nguồn chi trả",
    "poverty": "Mức sống hộ",
    "record_birth_method": "Cách sinh",
    "record_risk_state": "Mức độ của yếu tố nguy cơ",
    "record_exposure": "Yếu tố tiếp xúc nghề nghiệp, môi trường sống",
    "record_toilet": "Loại hố xí của gia đình",
    "record_disease": "Bệnh tật trong hồ sơ sức khỏe",
    "record_allergy_group": "Nhóm dị ứng của người trong gia đình",
    "record_disability": "Dạng khuyết tật trong hồ sơ sức khỏe",
    "record_disability_degree": "Mức độ khuyết tật trong hồ sơ sức khỏe",
    "record_relative": "Người trong gia đình mắc bệnh",
    "merit_group": "Đối tượng người có công",
    "social_protection": "Đối tượng bảo trợ xã hội",
    "disability_type": "Dạng khuyết tật",
    "disability_degree": "Mức độ khuyết tật",
    "water_source": "Nguồn nước ăn uống",
    "latrine_type": "Nhà tiêu",
    "waste_disposal": "Xử lý rác",
    "stove_type": "Bếp đun",
    "livestock_keeping": "Nuôi gia súc, gia cầm",
    "a0_contraception": "Biện pháp tránh thai từng tháng (sổ A0)",
}

# The lists of service_orders.csv: what may be ordered, how it is done and recorded (apps/encounters).
ORDER_LISTS = (
    "order_service",
    "order_kind",
    "procedure_form",
    "procedure_field",
    "result_word",
    "yhct_method",
    "yhct_herb",
)

TABLES: dict[str, Table] = {
    table.key: table
    for table in (
        _entries("code_lists", "Các danh mục nhỏ", 100, *SMALL_LISTS),
        _entries("ethnic_groups", "Dân tộc", 101, "ethnic_groups"),
        _entries("nationalities", "Quốc tịch", 102, "nationalities"),
        _entries("occupations", "Nghề nghiệp", 103, "occupations"),
        _entries("bhyt_objects", "Mã đối tượng thẻ BHYT", 104, "bhyt_object"),
        _entries("kcb_object_types", "Mã đối tượng khám chữa bệnh", 105, "kcb_object_type"),
        _entries("restricted_data", "Dữ liệu hạn chế xem", 107, "restricted_data"),
        _entries(
            "care_programmes", "Chương trình quản lý và kết quả", 108, "care_programme", "enrolment_outcome"
        ),
        _entries("practice_scope", "Phạm vi hành nghề", 106, "practice_scope"),
        _entries("stock_lists", "Chương trình và nguồn hàng của kho", 109, "stock_programme", "stock_source"),
        _entries("banks", "Ngân hàng (mã BIN)", 112, "bank"),
        _entries("service_orders", "Chỉ định, thủ thuật, kết quả", 144, *ORDER_LISTS),
        _entries(
            "certificates",
            "Giấy chuyển, giấy khám sức khỏe",
            107,
            "certificate_paper",
            "referral_reason",
            "check_up_form",
            "check_up_section",
        ),
        _entries(
            "reception",
            "Danh mục tiếp nhận",
            109,
            "visit_kind",
            "visit_reason",
            "free_care",
            "bhyt_lookup_result",
        ),
        _entries(
            "icd10_chapters_groups", "Chương và nhóm bệnh ICD-10", 110, "icd10_chapters", "icd10_groups"
        ),
        Table(
            key="icd10_common",
            title="Mã bệnh hay dùng ở trạm",
            file="icd10_common.csv",
            model=CodeEntry,
            key_fields=("list", "code", "scope", "valid_from"),
            required=("code", "name_vi"),
            read=icd10_common,
            order=111,
            universe={"list": "icd10_common"},
            after=_mark_common,
        ),
        Table(
            "icd10_tt06",
            "Mã bệnh ICD-10 theo TT 06/2026",
            "icd10_tt06.csv",
            order=112,
            fixed={"edition": Edition.TT06},
            **_ICD,
        ),
        Table(
            "icd10_qd4469",
            "Mã bệnh ICD-10 theo QĐ 4469",
            "icd10_qd4469.csv",
            order=113,
            fixed={"edition": Edition.QD4469},
            **_ICD,
        ),
        Table(
            "icd10_age_rules",
            "Quy tắc tuổi của mã bệnh",
            "icd10_age_rules.csv",
            required=("code", "annex", "age_unit"),
            read=icd10_age,
            order=114,
            fixed={"edition": Edition.QD4469, "rule": Icd10Rule.Kind.AGE},
            **_RULE,
        ),
        Table(
            "icd10_pairs",
            "Cặp mã kiếm (†) và sao (*)",
            "icd10_pairs.csv",
            required=("dagger_code", "asterisk_code"),
            read=icd10_pair,
            order=115,
            fixed={"edition": Edition.QD4469, "rule": Icd10Rule.Kind.PAIR},
            **_RULE,
        ),
        _entries("icd10_spoken", "Tên thường gọi của bệnh", 117, "icd10_spoken"),
        _entries("injury_causes", "Nguyên nhân tai nạn thương tích", 118, "injury_cause"),
        _entries("exam_organs", "Khám từng cơ quan", 119, "exam_organs"),
        _entries("imci_classes", "Phân loại trẻ bệnh (IMCI)", 119, "imci_class"),
        _entries("yhct_diseases", "Bệnh y học cổ truyền (trích)", 116, "yhct_diseases"),
        Table(
            key="communicable_diseases",
            title="Bệnh truyền nhiễm phải báo cáo",
            file="communicable_diseases.csv",
            model=CommunicableDisease,
            key_fields=("regime", "key"),
            required=("regime", "key", "name", "report_class"),
            read=communicable,
            order=120,
        ),
        _entries("drug_routes", "Đường dùng thuốc", 130, "drug_routes"),
        _entries("drug_bhyt_codes", "Mã hoạt chất BHYT đã gặp", 131, "drug_bhyt_codes"),
        Table(
            "drugs_commune",
            "Thuốc tuyến xã",
            "drugs_commune.csv",
            order=132,
            fixed={"kind": Drug.Kind.COMMUNE, "common": True},
            **_DRUG,
        ),
        Table(
            "drugs_products",
            "Biệt dược (mẫu)",
            "drugs_products.csv",
            order=133,
            fixed={"kind": Drug.Kind.PRODUCT},
            **_DRUG,
        ),
        Table(
            key="services",
            title="Dịch vụ kỹ thuật",
            file="services.csv",
            required=("code", "name", "tt43_code"),
            order=140,
            universe={"extra__has_key": "tt43_code"},
            **_SERVICE,
        ),
        Table(
            key="services_exam_bed",
            title="Khám bệnh và ngày giường",
            file="services_exam_bed.csv",
            required=("code", "name", "group"),
            order=141,
            universe={"group__in": _EXAM_BED},
            **_SERVICE,
        ),
        Table(
            key="service_prices",
            title="Giá dịch vụ kỹ thuật",
            file="service_prices.csv",
            order=142,
            universe={"service__extra__has_key": "tt43_code"},
            **_PRICE,
        ),
        Table(
            key="service_prices_exam_bed",
            title="Giá khám bệnh và ngày giường",
            file="service_prices_exam_bed.csv",
            order=143,
            universe={"service__group__in": _EXAM_BED},
            **_PRICE,
        ),
        Table(
            key="supplies",
            title="Vật tư y tế",
            file="supplies.csv",
            model=Supply,
            key_fields=("code",),
            required=("code", "name"),
            read=supply,
            order=150,
        ),
        Table(
            key="lab_tests",
            title="Xét nghiệm",
            file="lab_tests.csv",
            model=LabTest,
            key_fields=("code",),
            required=("code", "name", "result_type"),
            read=lab_test,
            order=160,
        ),
    )
}
