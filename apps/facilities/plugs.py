"""What the facilities room offers to the house."""

from pathlib import Path

from django.urls import reverse

from apps.accounts import gate
from apps.accounts.backends import request_annotations
from apps.core import ports, registry
from apps.core.registry import (
    AuditSentence,
    ChangeKind,
    GoLiveItem,
    HomePanel,
    JobKind,
    Loader,
    LoadReport,
    MenuItem,
    NightlyWork,
    ReadScreen,
    Section,
    SuccessionStays,
    SuccessionStep,
)
from apps.core.scope import Level
from apps.facilities import golive, hours, linking, roles, standing
from apps.facilities.posting import POST_CHANGE, post_approved
from apps.facilities.posts import Again, left, needs_code, posts_in_force, rights_for_hours
from apps.facilities.reforming import plan as reform_plan
from apps.facilities.reforming import running as reform_running
from apps.facilities.reforming import steps as reform_steps
from apps.facilities.staffing import SLIP_CHANGE, nobody_gains, slip_allowed

request_annotations["posts_in_force"] = posts_in_force
gate.leaving.append(left)
gate.needing_code.append(needs_code)
request_annotations["rights_for_hours"] = rights_for_hours
ports.provide(ports.ScopeAgain, Again())

registry.sections.add(Section("facilities", "Cơ sở và nhân lực", 800))

registry.menu.add(
    MenuItem("facilities", "Cơ sở", "facilities:list", "facilities.view", 800, "home", registry.RUNNING),
    MenuItem("accounts", "Tài khoản", "accounts:list", "users.view", 810, "people", registry.RUNNING),
)

ABOVE: frozenset[Level] = frozenset({"region", "province", "system"})
registry.home_panels.add(
    HomePanel(
        "without_accounts",
        "Trạm chưa có tài khoản nào",
        "users.enter",
        "facilities/panel_without_accounts.html",
        standing.home_without_accounts,
        order=30,
        levels=ABOVE,
    ),
    HomePanel(
        "sign_ins",
        "Đăng nhập",
        "audit.view",
        "facilities/panel_sign_ins.html",
        standing.home_sign_ins,
        order=20,
        levels=ABOVE,
    ),
    HomePanel(
        "stations",
        "Tình hình các trạm",
        "facilities.view",
        "facilities/panel_stations.html",
        standing.home_stations,
        order=90,
        levels=ABOVE,
    ),
)

registry.user_menu.add(
    MenuItem("workplace", "Đổi nơi làm việc", "accounts:workplace", None, order=10),
    MenuItem("sessions", "Phiên đăng nhập của tôi", "accounts:sessions", None, order=15),
    MenuItem("pin", "Mã PIN trên máy này", "accounts:pin", None, order=22),
    MenuItem("totp", "Mã xác thực trên điện thoại", "accounts:totp", None, order=25),
    MenuItem("hours", "Xin quyền theo giờ", "accounts:hours", None, order=16),
    MenuItem("password", "Đổi mật khẩu", "accounts:password", None, order=20),
    MenuItem("admin", "Trang quản trị của tỉnh", "admin:index", "parameters.view", order=30),
)

registry.readlog_screens.add(ReadScreen("account.handover", "Bàn giao việc của người nghỉ"))

registry.audit_sentences.add(
    AuditSentence("unit.created", "đã thêm đơn vị hành chính"),
    AuditSentence("unit.changed", "đã sửa đơn vị hành chính"),
    AuditSentence("facility.created", "đã thêm cơ sở"),
    AuditSentence("facility.changed", "đã sửa cơ sở"),
    AuditSentence("facility.imported", "đã nhập {rows} dòng cơ sở từ Excel"),
    AuditSentence("hamlet.imported", "đã nhập {rows} dòng thôn, tổ từ Excel"),
    AuditSentence("practitioner.imported", "đã nhập {rows} dòng người hành nghề từ Excel"),
    AuditSentence("facility.linked", "đã đổi quan hệ cấp trên của cơ sở"),
    AuditSentence("hamlet.created", "đã thêm thôn, tổ"),
    AuditSentence("hamlet.changed", "đã sửa thôn, tổ"),
    AuditSentence("catchment.opened", "đã giao địa bàn cho cơ sở"),
    AuditSentence("practitioner.created", "đã thêm người hành nghề"),
    AuditSentence("practitioner.changed", "đã sửa người hành nghề"),
    AuditSentence("post.opened", "đã giao vị trí công tác {role}"),
    AuditSentence("post.hamlets", "đã giao thôn cho vị trí công tác {role}: thêm {added}, bớt {removed}"),
    AuditSentence("role.created", "đã lập vai trò «{name}» từ vai trò «{base}»"),
    AuditSentence("role.changed", "đã đổi vai trò «{name}»; thêm quyền: {added}; bớt quyền: {removed}"),
    AuditSentence("role.switched_on", "đã bật vai trò «{name}»"),
    AuditSentence("role.switched_off", "đã tắt vai trò «{name}»"),
    AuditSentence("right.granted", "đã cấp quyền «{right}» trong {hours} giờ"),
    AuditSentence("post.revoked", "đã thu hồi vị trí công tác {role}"),
)

registry.changes.add(
    ChangeKind(POST_CHANGE, "Giao vị trí công tác", "users.enter", post_approved, nobody_gains),
    ChangeKind(hours.CHANGE, "Quyền theo giờ", "users.edit", hours.granted, hours.may_grant, days=1),
    ChangeKind(roles.CHANGE, "Vai trò", roles.MAKES, roles.approved, levels=frozenset({"province"})),
    ChangeKind(SLIP_CHANGE, "In phiếu đăng nhập", "users.edit", slip_allowed, nobody_gains),
)


def _load_units(folder: Path, report: LoadReport) -> None:
    from apps.facilities.load.units import load_units

    load_units(folder / "admin_units", report)


def _load_demo(folder: Path, report: LoadReport) -> None:
    from apps.facilities.load.demo import load_demo_when_demo

    load_demo_when_demo(folder / "demo", report)


registry.loaders.add(
    Loader("admin_units", "Đơn vị hành chính trước và sau 01/07/2025", _load_units, order=30),
    Loader("demo_facilities", "Cơ sở mẫu của tỉnh Quảng Ngãi", _load_demo, order=40),
)
registry.golive.add(
    GoLiveItem(
        "hamlets",
        "Thôn, tổ dân phố",
        "Khai đủ thôn, tổ theo nghị quyết mới nhất của xã.",
        golive.hamlets,
        golive.page,
        10,
    ),
    GoLiveItem(
        "catchment",
        "Địa bàn phụ trách",
        "Giao mỗi thôn, tổ cho trạm hoặc điểm trạm phụ trách.",
        golive.catchment,
        golive.page,
        20,
    ),
    GoLiveItem(
        "staff",
        "Tài khoản của cán bộ",
        "Lập tài khoản, in phiếu đăng nhập; từng người tự đổi mật khẩu.",
        golive.staff,
        lambda scope: reverse("accounts:list"),
        30,
    ),
    GoLiveItem(
        "practitioners",
        "Người hành nghề",
        "Khai chức danh, số giấy phép hành nghề và người được ký.",
        golive.practitioners,
        golive.page,
        40,
    ),
)
registry.guide.add(
    registry.GuideChapter(
        "truong-tram",
        "Việc của trưởng trạm",
        "guide/head.html",
        {
            "accounts:list": "tai-khoan",
            "accounts:new": "tai-khoan",
            "accounts:page": "tai-khoan",
            "accounts:handover": "nghi-viec",
            "core:task": "viec",
            "core:numbers": "so",
            "core:number_book": "so",
            "core:health": "van-hanh",
            "core:golive": "van-hanh",
        },
        80,
    )
)

PROVINCE: frozenset[Level] = frozenset({"province", "system"})
registry.changes.add(
    ChangeKind(
        reform_plan.CHANGE,
        "Sắp xếp trạm",
        "facilities.edit",
        reform_running.approved,
        levels=PROVINCE,
        days=30,
    ),
    ChangeKind(linking.CHANGE, "Quan hệ cấp trên", "facilities.edit", linking.link_approved, levels=PROVINCE),
)
registry.jobs.add(JobKind(reform_running.JOB, "Sắp xếp trạm", reform_running.run_job))
registry.nightly.add(
    NightlyWork("facilities.reforms", "Sắp xếp trạm đến ngày", reform_running.night, order=10)
)
registry.audit_sentences.add(
    AuditSentence("reform.planned", "đã lập phương án sắp xếp trạm: {title}"),
    AuditSentence("reform.changed", "đã sửa phương án sắp xếp trạm"),
    AuditSentence("reform.reopened", "đã đưa phương án sắp xếp trạm về sửa lại"),
    AuditSentence("reform.dropped", "đã bỏ phương án sắp xếp trạm"),
    AuditSentence("reform.done", "đã chuyển xong phương án sắp xếp trạm"),
    AuditSentence("reform.undone", "đã hoàn tác phương án sắp xếp trạm"),
)
registry.succession_steps.add(
    SuccessionStep(
        "stations",
        "Trạm cũ thành điểm trạm",
        reform_steps.stations,
        reform_steps.change_stations,
        undo=reform_steps.forget_pasts,
        columns=("facilities.Facility.part_of", "facilities.FacilityLink.facility"),
        note="Tên và địa bàn cũ được giữ theo ngày: giấy cũ in lại đúng tên trạm ngày đó.",
        order=10,
    ),
    SuccessionStep(
        "hamlets",
        "Thôn, tổ thuộc xã, phường mới",
        reform_steps.hamlets,
        reform_steps.move_hamlets,
        undo=reform_steps.forget_hamlets,
        note="Hồ sơ cũ vẫn ghi thôn thuộc xã ngày đó.",
        order=20,
    ),
    SuccessionStep(
        "catchments",
        "Địa bàn phụ trách",
        reform_steps.catchments,
        reform_steps.move_catchments,
        undo=reform_steps.forget_catchments,
        columns=("facilities.Catchment.facility", "facilities.Catchment.hamlet"),
        order=30,
    ),
    SuccessionStep(
        "posts",
        "Vị trí công tác đổi theo phương án",
        reform_steps.posts,
        reform_steps.move_posts,
        undo=reform_steps.forget_posts,
        columns=("facilities.Post.facility", "accounts.ApiToken.facility_id"),
        note="Người khác làm tiếp tại điểm trạm và thấy toàn bộ dân của trạm mới.",
        order=40,
    ),
)
registry.succession_steps.add(
    SuccessionStep(
        "given",
        "Thôn giao cho nhân viên y tế thôn",
        reform_steps.given,
        reform_steps.move_given,
        undo=reform_steps.forget_given,
        columns=("facilities.PostHamlet.hamlet",),
        order=50,
    )
)
_OF_THE_PLAN = "the plan itself and what it kept"
registry.succession_stays.add(
    SuccessionStays(
        "facilities.FacilityLink.parent", "what stands above stays; stations have no parents below"
    ),
    SuccessionStays("facilities.Practitioner.facility", "goes on at the point, within the successor's reach"),
    SuccessionStays("facilities.GrantedRight.facility", "a right for some hours"),
    *(
        SuccessionStays(f"facilities.{name}", _OF_THE_PLAN)
        for name in (
            "Hamlet.came_from",
            "Reform.office",
            "ReformStation.facility",
            "ReformStation.successor",
            "ReformHamlet.hamlet",
            "ReformHamlet.heir",
            "ReformHamlet.station",
            "ReformPost.facility",
            "FacilityPast.facility",
            "FacilityPast.part_of",
        )
    ),
)
registry.guide.add(
    registry.GuideChapter(
        "sap-xep-tram",
        "Sắp xếp trạm, xã",
        "guide/reform.html",
        {"facilities:reforms": "ke-hoach", "facilities:reform_new": "ke-hoach", "facilities:reform": "duyet"},
        90,
        frozenset({"province"}),
    )
)
