//! Writes the statement of a record as HTML: `cargo run -p assay-reports --example statement_page -- RESULTS.json OUT.html`.

use assay_reports::statement::{self, Statement};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (results, out) = (args.next().ok_or("which results.json?")?, args.next().ok_or("where to?")?);
    let results = serde_json::from_slice(&std::fs::read(results)?)?;
    std::fs::write(out, statement::html(&Statement::of(&results))?)?;
    Ok(())
}
