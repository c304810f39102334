//! Paths inside archives.

/// The path from the archive's root, `.` and `..` resolved, and whether it tried to leave that root.
pub(crate) fn clean(raw: &str) -> (String, bool) {
    let (mut parts, mut escaped) = (Vec::new(), false);
    for part in raw.split('/') {
        match part {
            "" | "." => {}
            ".." => escaped |= parts.pop().is_none(),
            other => parts.push(other),
        }
    }
    let path: String = format!("/{}", parts.join("/"));
    (assay_model::visible_line(&path), escaped)
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn a_path_stays_under_its_root() {
        assert_eq!(clean("./etc/passwd"), ("/etc/passwd".into(), false));
        assert_eq!(clean("/etc//shadow"), ("/etc/shadow".into(), false));
        assert_eq!(clean("a/../b"), ("/b".into(), false));
        assert_eq!(clean("../../etc/cron.d/x"), ("/etc/cron.d/x".into(), true));
        assert_eq!(clean("a/../../x"), ("/x".into(), true));
        assert_eq!(clean("x\u{1b}[2J"), ("/x\\x1b[2J".into(), false));
    }
}
