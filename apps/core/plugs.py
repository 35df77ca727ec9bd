"""What the ground floor itself offers."""

from pathlib import Path

from apps.core import registry
from apps.core.registry import AuditSentence, Loader, LoadReport, ReadScreen, Section

registry.sections.add(
    Section("audit", "Nhật ký", 900),
    Section("parameters", "Tham số", 910),
)
registry.readlog_screens.add(ReadScreen("search", "Ô tìm kiếm"))
registry.audit_sentences.add(
    AuditSentence("parameter.changed", "đã đổi tham số {key}"),
    AuditSentence("paper.printed", "đã in {kind}, bản thứ {copy}"),
)


def _load_parameters(folder: Path, report: LoadReport) -> None:
    from apps.core.loading import load_parameters

    load_parameters(folder, report)


registry.loaders.add(Loader("parameters", "Tham số", _load_parameters, order=10))
