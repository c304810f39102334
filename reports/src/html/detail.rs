//! How much of each unit is written out, so that a report of any run stays within its size.

/// Least first; units are never left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// Details of findings without values; other units as one row.
    Rows,
    /// Details of findings; other units as one row.
    Findings,
    /// All units in detail; evidence without excerpts.
    NoExcerpts,
    /// Everything.
    Full,
}

impl Detail {
    /// In the order they are tried.
    pub(super) const ALL: [Self; 4] = [Self::Full, Self::NoExcerpts, Self::Findings, Self::Rows];

    /// What the page says of itself; nothing for the full page.
    pub(super) const fn note(self) -> &'static str {
        match self {
            Self::Full => "",
            Self::NoExcerpts => "To keep this page small, excerpts of evidence were left out.",
            Self::Findings => {
                "To keep this page small, only findings are shown in detail, without excerpts of evidence."
            }
            Self::Rows => "To keep this page small, only the reasons of findings are shown.",
        }
    }
}
