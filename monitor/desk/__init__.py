"""What people do: one function an act, each one transaction, recorded with who did it and when."""

from monitor.desk.letters import NoSuchDossier, PreparedLetter, loaded, prepare_letter, record_draft

__all__ = ["NoSuchDossier", "PreparedLetter", "loaded", "prepare_letter", "record_draft"]
