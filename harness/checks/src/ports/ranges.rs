//! Port lists as plans write them: `1-65535`, `"22,80,8000-8100"`, `[22, 80]`.

use assay_model::Fault;
use schemars::JsonSchema;
use serde::Deserialize;

/// TCP ports to ask.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum PortList {
    /// One port.
    One(u16),
    /// Ports and ranges, separated by commas.
    Text(String),
    /// Ports, or ranges as text.
    Many(Vec<PortList>),
}

impl PortList {
    /// Inclusive ranges, sorted, merged.
    ///
    /// # Errors
    /// `bad-ports`: not ports, or none.
    pub(crate) fn ranges(&self) -> Result<Vec<(u16, u16)>, Fault> {
        let mut all = Vec::new();
        self.collect(&mut all)?;
        all.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::new();
        for (from, to) in all {
            match merged.last_mut() {
                Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        if merged.is_empty() { Err(bad("no ports at all")) } else { Ok(merged) }
    }

    fn collect(&self, into: &mut Vec<(u16, u16)>) -> Result<(), Fault> {
        match self {
            Self::One(0) => return Err(bad("port 0")),
            Self::One(port) => into.push((*port, *port)),
            Self::Many(list) => list.iter().try_for_each(|l| l.collect(into))?,
            Self::Text(text) => {
                for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
                    let (from, to) = part.split_once('-').unwrap_or((part, part));
                    match (from.trim().parse(), to.trim().parse()) {
                        (Ok(from), Ok(to)) if 0 < from && from <= to => into.push((from, to)),
                        _ => return Err(bad(&format!("`{part}`"))),
                    }
                }
            }
        }
        Ok(())
    }
}

fn bad(what: &str) -> Fault {
    Fault::plan("bad-ports", format!("{what} where TCP ports between 1 and 65535 were expected"))
        .with_help("write `1-65535`, `22,80,8000-8100` or a list")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn ranges(value: Value) -> Result<Vec<(u16, u16)>, Fault> {
        serde_json::from_value::<PortList>(value).unwrap().ranges()
    }

    #[test]
    fn lists_are_sorted_and_merged() {
        assert_eq!(ranges(json!("1-65535")).unwrap(), [(1, 65535)]);
        assert_eq!(ranges(json!([80, 22, 23, "8000-8100", 8101])).unwrap(), [(22, 23), (80, 80), (8000, 8101)]);
        assert_eq!(ranges(json!(65535)).unwrap(), [(65535, 65535)]);
        assert_eq!(ranges(json!("443, 443")).unwrap(), [(443, 443)]);
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [json!("0-10"), json!("10-1"), json!("70000"), json!("ssh"), json!([]), json!(""), json!(0)] {
            assert_eq!(ranges(bad.clone()).unwrap_err().code, "bad-ports", "{bad}");
        }
    }
}
