//! Searches for secrets: for the fuzz target.

use std::sync::LazyLock;

use super::{Canary, Search, SearchError, SearchOptions};

/// Made once: the automaton takes longer than a search of few bytes.
static SEARCH: LazyLock<Result<Search, SearchError>> = LazyLock::new(|| {
    let canaries = vec![Canary { name: "serial".into(), value: b"C1-000042".to_vec() }];
    Search::new(SearchOptions { rules: Vec::new(), canaries })
});

/// Wherever the bytes are cut, the same is found.
pub(crate) fn fuzz_search(bytes: &[u8]) {
    let Ok(search) = &*SEARCH else { return };
    let places = |size| -> Vec<_> {
        let mut search = search.clone();
        bytes.chunks(size).for_each(|piece| search.feed(piece));
        search.finish().found.into_iter().map(|f| (f.finding.rule, f.finding.offset, f.finding.length)).collect()
    };
    assert_eq!(places(bytes.len().max(1)), places(7));
}
