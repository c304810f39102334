//! Whose duties a report is about.

/// A relevant person of the regime, in the words of `--role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Makes the product, has it made, or sells it under its own name.
    Manufacturer,
    /// Brings it into the country.
    Importer,
    /// Makes it available otherwise: a shop.
    Distributor,
}

impl Role {
    /// All of them, in the order of the supply chain.
    pub const ALL: [Self; 3] = [Self::Manufacturer, Self::Importer, Self::Distributor];

    /// The word of the command line, which is also the key in the catalogue.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Manufacturer => "manufacturer",
            Self::Importer => "importer",
            Self::Distributor => "distributor",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.word() == word)
    }
}
