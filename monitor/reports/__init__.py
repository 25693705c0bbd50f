"""What is shown to people as a page: of an import so far, for the clerk who dropped the file."""

from monitor.reports.import_report import as_data, import_lines
from monitor.reports.workbook import ReportNotWritten, write_import_workbook

__all__ = ["ReportNotWritten", "as_data", "import_lines", "write_import_workbook"]
