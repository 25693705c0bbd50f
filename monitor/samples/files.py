"""The samples as files, named as the provincial software names its exports."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from monitor.samples.portal import portal_dossiers, step_log
from monitor.samples.sample import Samples
from monitor.samples.sheets import follow_up_list, overdue_list


def files_of(samples: Samples) -> Mapping[str, bytes]:
    """Name -> content, in the order in which they were exported, which is also the order in which to import them."""
    before, now = _stamp(samples.earlier_at), _stamp(samples.exported_at)
    return {
        f"dong-bo-ho-so-{before}.json": portal_dossiers(samples),
        f"tien-do-{before}.json": step_log(samples),
        f"ho-so-qua-han-{before}.csv": overdue_list(samples),
        f"theo-doi-ho-so-{before}.xlsx": follow_up_list(samples, made_at=samples.earlier_at),
        f"theo-doi-ho-so-{now}.xlsx": follow_up_list(samples, made_at=samples.exported_at),
    }


def write_samples(samples: Samples, folder: Path) -> tuple[Path, ...]:
    """Write all files into a folder, which is made where it is missing; their paths in the order to import them."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in files_of(samples).items():
        path = folder / name
        path.write_bytes(content)
        paths.append(path)
    return tuple(paths)


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%d-%H%M}"
