//! "Did you mean": the nearest known name, and the others.

/// Names beyond these are not listed.
const MAX_LISTED: usize = 16;

/// The nearest of `known` to `asked`, where one is near enough to be meant.
pub(crate) fn nearest<'k>(asked: &str, known: &[&'k str]) -> Option<&'k str> {
    let folded = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let wanted = folded(asked);
    known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(&wanted, &folded(k)), *k))
        .filter(|(distance, k)| *distance <= (k.len().max(asked.len()) / 3).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

/// ``did you mean `port`? it also takes `sni` and `versions` ``; `listing` introduces the whole list where none is near.
pub(crate) fn of(asked: &str, known: &[&str], listing: &str) -> String {
    let others = |skip: Option<&str>| -> String {
        let mut seen: Vec<&str> = Vec::new();
        for name in known.iter().copied().filter(|k| Some(*k) != skip) {
            if !seen.contains(&name) {
                seen.push(name);
            }
        }
        list(&seen)
    };
    match nearest(asked, known) {
        Some(near) if known.iter().any(|k| *k != near) => {
            format!("did you mean `{near}`? {} {}", also(listing), others(Some(near)))
        }
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("nothing fits here in place of `{asked}`"),
        None => format!("{listing} {}", others(None)),
    }
}

/// `it takes` → `it also takes`.
fn also(listing: &str) -> String {
    match listing.rsplit_once(' ') {
        Some(("there", verb)) => format!("there {verb} also"),
        Some((subject, verb)) => format!("{subject} also {verb}"),
        None => format!("{listing} also"),
    }
}

/// `` `a`, `b` and `c` ``.
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().take(MAX_LISTED).map(|n| format!("`{n}`")).collect();
    match (&quoted[..], names.len().saturating_sub(MAX_LISTED)) {
        ([], _) => "nothing".into(),
        ([one], 0) => one.clone(),
        ([most @ .., last], 0) => format!("{} and {last}", most.join(", ")),
        (some, more) => format!("{} and {more} more", some.join(", ")),
    }
}
