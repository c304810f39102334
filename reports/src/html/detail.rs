//! How much of each unit is written out, so that a report of any run stays within its size.

/// Least first; units are never left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// Every unit as one short row; findings gathered by their reason.
    Bare,
    /// Reasons of findings; other units as one row.
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
    pub(super) const ALL: [Self; 5] = [Self::Full, Self::NoExcerpts, Self::Findings, Self::Rows, Self::Bare];

    /// The most that can fit `units` units at all, so that a large run is not written five times.
    pub(super) const fn for_units(units: usize) -> Self {
        match units {
            0..1_000 => Self::Full,
            1_000..3_000 => Self::NoExcerpts,
            _ => Self::Findings,
        }
    }

    /// What the page says of itself; nothing for the full page.
    pub(super) const fn note(self) -> &'static str {
        match self {
            Self::Full => "",
            Self::NoExcerpts => "To keep this page small, excerpts of evidence were left out.",
            Self::Findings => {
                "To keep this page small, only findings are shown in detail, without excerpts of evidence."
            }
            Self::Rows => "To keep this page small, only the reasons of findings are shown.",
            Self::Bare => "To keep this page small, each unit is one short row.",
        }
    }
}
