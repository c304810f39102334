//! Evidence packs and reports: pure functions of the record.
