//! The shape of a set of passwords: alphabet, lengths, what they share, an upper bound on their entropy.

use schemars::JsonSchema;
use serde::Serialize;

/// Characters that passwords are made of, as classes: the characters themselves would give parts of a secret away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Alphabet {
    /// `digits`, `hex`, `lower`, `upper`, `symbols`. `hex` stands alone.
    pub classes: Vec<&'static str>,
    /// Characters in those classes: what a generator with this output could have drawn from.
    pub size: u32,
}

impl Alphabet {
    /// The smallest set of classes that holds every character of every password; separators count as symbols.
    pub(crate) fn of<'a>(passwords: impl Iterator<Item = &'a str> + Clone) -> Self {
        let has = |test: fn(char) -> bool| passwords.clone().any(|p| p.chars().any(test));
        let digits = has(|c| c.is_ascii_digit());
        let (lower, upper) = (has(|c| c.is_ascii_lowercase()), has(|c| c.is_ascii_uppercase()));
        let beyond_hex = has(|c| !c.is_ascii_hexdigit());
        if digits && !beyond_hex && lower != upper {
            return Self { classes: vec!["hex"], size: 16 };
        }
        let mut found = Self { classes: Vec::new(), size: 0 };
        let classes = [
            ("digits", 10, digits),
            ("lower", 26, lower),
            ("upper", 26, upper),
            ("symbols", 33, has(|c| !c.is_ascii_alphanumeric())),
        ];
        for (name, size, present) in classes {
            if present {
                found.classes.push(name);
                found.size += size;
            }
        }
        found
    }

    /// Bits that one character can carry.
    pub(crate) fn bits(&self) -> f64 {
        f64::from(self.size.max(1)).log2()
    }
}

/// Without the separators that labels are printed with.
pub(crate) fn bare(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '-' | ' ' | ':' | '_' | '.' | '/')).collect()
}

/// Characters that all begin with.
pub(crate) fn shared_prefix(texts: &[String]) -> usize {
    shared(texts, |t| Box::new(t.chars()))
}

/// Characters that all end with.
pub(crate) fn shared_suffix(texts: &[String]) -> usize {
    shared(texts, |t| Box::new(t.chars().rev()))
}

fn shared(texts: &[String], chars: fn(&str) -> Box<dyn Iterator<Item = char> + '_>) -> usize {
    let Some((first, rest)) = texts.split_first() else { return 0 };
    rest.iter().map(|t| chars(first).zip(chars(t)).take_while(|(a, b)| a == b).count()).min().unwrap_or(0)
}

/// Positions, counted from the front over the shortest password, where not all units agree. With one unit: all of them.
pub(crate) fn varying_positions(texts: &[String]) -> usize {
    let rows: Vec<Vec<char>> = texts.iter().map(|t| t.chars().collect()).collect();
    let shortest = rows.iter().map(Vec::len).min().unwrap_or(0);
    if rows.len() < 2 {
        return shortest;
    }
    (0..shortest).filter(|&i| rows.iter().any(|r| r[i] != rows[0][i])).count()
}

/// How likely `units` draws from a pool of `pool` equally likely passwords show at least one repeat.
pub(crate) fn chance_of_repeat(units: usize, pool: u32) -> f64 {
    let none = (0..units).fold(1.0, |p, i| p * (1.0 - i as f64 / f64::from(pool)).max(0.0));
    ((1.0 - none) * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn alphabets_are_the_smallest_that_fit() {
        let of = |list: &[&'static str]| Alphabet::of(list.iter().copied());
        assert_eq!(of(&["1234", "9"]).classes, ["digits"]);
        assert_eq!(of(&["12ab", "9f"]).classes, ["hex"]);
        assert_eq!(of(&["12ab", "9G"]).size, 62);
        assert_eq!(of(&["k7-x"]).classes, ["digits", "lower", "symbols"]);
        assert_eq!(of(&[]).size, 0);
    }

    #[test]
    fn shared_ends_and_varying_positions() {
        let t = texts(&["cam-01-x", "cam-02-x", "cam-13-x"]);
        assert_eq!((shared_prefix(&t), shared_suffix(&t), varying_positions(&t)), (4, 2, 2));
        assert_eq!(varying_positions(&texts(&["abc"])), 3);
        assert_eq!(varying_positions(&[]), 0);
    }

    #[test]
    fn repeats_follow_the_birthday_table() {
        assert_eq!(chance_of_repeat(3, 10), 0.28);
        assert_eq!(chance_of_repeat(2, 1), 1.0);
        assert_eq!(chance_of_repeat(5, 100), 0.0965);
        assert_eq!(chance_of_repeat(1, 1), 0.0);
    }
}
