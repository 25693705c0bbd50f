"""Đúng Hẹn: dossiers in, exact working-day deadlines, warnings in time, and the apology the law owes."""
