"""What is shown to people as a page: of an import so far, for the clerk who dropped the file."""

from monitor.reports.import_report import as_data, import_lines, say_matched
from monitor.reports.workbook import write_import_workbook

__all__ = ["as_data", "import_lines", "say_matched", "write_import_workbook"]
