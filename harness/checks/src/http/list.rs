//! The paths worth asking for: test-plans/wordlists/http-routes.txt, embedded.

const FILE: &str = include_str!("../../../../test-plans/wordlists/http-routes.txt");

/// Paths of one section; those before the first are `any`.
pub(super) fn section(wanted: &str) -> Vec<&'static str> {
    let mut section = "any";
    let mut paths = Vec::new();
    for line in FILE.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        match line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            Some(title) => section = title,
            None if section == wanted => paths.push(line),
            None => {}
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::section;

    #[test]
    fn every_path_is_one_and_no_setting_is_an_action() {
        let (any, settings) = (section("any"), section("settings"));
        assert!(any.len() > 50 && settings.len() > 5);
        assert!(any.iter().chain(&settings).all(|p| p.starts_with('/') && !p.contains(' ')));
        assert!(settings.iter().all(|p| super::super::settings::may_write(p)));
    }
}
