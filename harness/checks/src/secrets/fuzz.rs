//! Searches for secrets: for the fuzz target.

use super::{Canary, Search, SearchOptions};

/// Wherever the bytes are cut, the same is found.
pub(crate) fn fuzz_search(bytes: &[u8]) {
    let search = || {
        let canaries = vec![Canary { name: "serial".into(), value: b"C1-000042".to_vec() }];
        Search::new(SearchOptions { rules: Vec::new(), canaries })
    };
    let (Ok(mut whole), Ok(mut pieces)) = (search(), search()) else { return };
    whole.feed(bytes);
    bytes.chunks(7).for_each(|piece| pieces.feed(piece));
    let places = |search: Search| -> Vec<_> {
        search.finish().found.into_iter().map(|f| (f.finding.rule, f.finding.offset, f.finding.length)).collect()
    };
    assert_eq!(places(whole), places(pieces));
}
