"""Why a file should wait for a person, in their language; and which sources are held up by one that waits.

A file is never judged by itself alone but beside the last accepted one of its source (practice A1 to A3).
"""

import json
from collections.abc import Mapping
from datetime import datetime

from monitor.intake import FileHead, say_field
from monitor.source import Scope
from monitor.store import Import, ImportState, SourceState, Store

_FULL, _EMPTY = 0.5, 0.05  # a share of filled cells that falls from over the one to under the other is a doubt
_FEWEST_ROWS = 20  # below it, fewer than 5 % of the rows are none, which one dossier more would change
_COMES_WITH_TIME = frozenset({"finished_at", "returned_at", "refused_at", "reason", "supplements", "has_result_paper"})


def doubt_about(head: FileHead, last: SourceState | None) -> str | None:
    """Why a file should wait for a person, and the one thing to do; None when there is no doubt."""
    if last is None:
        return _two_headers(head, {})
    return (
        _older(head, last)
        or _lost_columns(head, last)
        or _two_headers(head, last.doubled, is_first=False)
        or _emptied_columns(head, last)
        or _shrunk(head, last)
    )


def held_sources(store: Store) -> frozenset[str]:
    """The sources whose newest file waits for a person: until it is accepted or followed, only the officers are told.

    A file that waits only because newer data are known already casts no doubt on these.
    """
    known = {one.name: one for one in store.sources()}
    return frozenset(
        name
        for name, file in store.newest_imports().items()
        if file.state is ImportState.HELD and not _is_stale(file, known.get(name))
    )


def _is_stale(file: Import, last: SourceState | None) -> bool:
    newest = _newest_beside(last, is_estimated=file.data_as_of_estimated) if last else None
    return newest is not None and file.data_as_of < newest


def guessed_moments(store: Store) -> Mapping[str, datetime]:
    """Of each source whose last accepted file did not say how fresh it was: the moment that was estimated for it."""
    return {one.name: one.data_as_of for one in store.sources() if one.data_as_of_estimated}


def _newest_beside(last: SourceState, *, is_estimated: bool) -> datetime | None:
    """What a moment is measured by; what was only estimated never outranks what a file states itself."""
    return last.stated_as_of if last.data_as_of_estimated and not is_estimated else last.data_as_of


def _older(head: FileHead, last: SourceState) -> str | None:
    known = _newest_beside(last, is_estimated=head.data_as_of_estimated)
    if known is None or head.data_as_of >= known:
        return None
    estimated = ", ước tính" if head.data_as_of_estimated else ""
    return (
        f"Số liệu của tệp này ({head.data_as_of:%H:%M %d/%m/%Y}{estimated}) cũ hơn tệp đã nhận gần nhất "
        f"({known:%H:%M %d/%m/%Y}). Hãy xuất lại tệp mới; nếu vẫn muốn nhập, dùng --accept."
    )


def _lost_columns(head: FileHead, last: SourceState) -> str | None:
    """A column that the last file had and this one has not; most likely it only has another name now."""
    lost = sorted(set(last.columns) - set(head.columns))
    if not lost:
        return None
    said = ", ".join(f"“{last.columns[name]}” ({say_field(name)})" for name in lost)
    return (
        f"Tệp không còn cột {said}; các cột chưa dùng đến: {', '.join(head.unused_headers) or 'không có'}. "
        f"{_mapping_advice(head, lost)} Nếu đúng là đã bỏ cột, dùng --accept."
    )


def _emptied_columns(head: FileHead, last: SourceState) -> str | None:
    """A column that is still there and says nothing any more."""
    if head.row_count < _FEWEST_ROWS or last.row_count < _FEWEST_ROWS:
        return None
    is_whole = head.scope is Scope.ALL and last.scope is Scope.ALL  # a list of other days has other ends
    emptied = sorted(
        name
        for name, share in head.filled.items()
        if share < _EMPTY and last.filled.get(name, 0) > _FULL and (is_whole or name not in _COMES_WITH_TIME)
    )
    if not emptied:
        return None
    said = ", ".join(
        f"“{head.columns[name]}” ({say_field(name)}: lần trước {last.filled[name]:.0%} ô có nội dung, lần này "
        f"{head.filled[name]:.0%})"
        for name in emptied
    )
    return (
        f"Cột gần như trống: {said}. {_mapping_advice(head, emptied)} "
        "Hãy xuất lại đủ cột; nếu đúng là không còn số liệu, dùng --accept."
    )


def _two_headers(head: FileHead, accepted: Mapping[str, Mapping[str, int]], *, is_first: bool = True) -> str | None:
    """Two columns for one field, and the source does not say which counts.

    A first file is held only when they contradict each other, a later one also when the second column is new. What a
    person has accepted once is not asked again.
    """
    for name, others in sorted(head.doubled.items()):
        for header, contradictions in others.items():
            known = accepted.get(name, {}).get(header)
            is_settled = bool(known) if contradictions else is_first or known is not None
            if is_settled:
                continue
            taken = head.columns[name]
            differing = f", khác nhau ở {contradictions} dòng" if contradictions else ""
            return (
                f"Tệp có hai cột cho một trường {say_field(name)}: “{taken}” và “{header}”{differing}. "
                f"Cho biết cột nào đúng: trong [columns] của nguồn “{_rule_of(head)}” (rules/sources) thêm "
                f"{_toml_line(taken, name)} hoặc {_toml_line(header, name)}. Nếu lấy “{taken}” là đúng, dùng --accept."
            )
    return None


def _mapping_advice(head: FileHead, names: list[str]) -> str:
    """The line to add where a column has probably got another name, else where such a line goes."""
    new = {name: header for header, name in head.likely.items()}
    lines = [
        f"“{new[name]}” có lẽ là {say_field(name)}: thêm {_toml_line(new[name], name)}" for name in names if name in new
    ]
    if not lines:
        return f"Nếu cột chỉ đổi tên, thêm tên mới vào [columns] của nguồn “{_rule_of(head)}” trong rules/sources."
    return f"{'; '.join(lines)} vào [columns] của nguồn “{_rule_of(head)}” trong rules/sources."


def _rule_of(head: FileHead) -> str:
    return head.source.rpartition("/")[0]


def _toml_line(header: str, name: str) -> str:
    return f'{json.dumps(header, ensure_ascii=False)} = "{name}"'


def _shrunk(head: FileHead, last: SourceState) -> str | None:
    """Over a fifth fewer rows than the last file that claimed to hold as much.

    A file that has lost its title claims more than the one before, not less, so scopes need not be equal; only a list
    that declares itself narrower than the last one may be shorter.
    """
    is_narrower = head.scope is Scope.RECEIVED_BETWEEN and last.scope is not Scope.RECEIVED_BETWEEN
    if Scope.PARTIAL in (head.scope, last.scope) or is_narrower or head.row_count * 5 >= last.row_count * 4:
        return None
    return (
        f"Tệp có {head.row_count} hồ sơ, lần trước {last.row_count}: giảm hơn 20 %. Hãy kiểm tra bộ lọc khi xuất; "
        "nếu số liệu đúng, dùng --accept."
    )
