//! A loopback site for the benchmark of surveys: `survey_site PRODUCTS MAKERS LIST.csv` serves that many makers, a host
//! each, writes the list, says `ready`, and goes on until its standard input ends.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;

#[path = "../tests/survey/site.rs"]
mod site;

/// One product in ten has a defect, another each time.
const DEFECTS: [&str; 6] = [
    "no-contact",
    "no-status-updates",
    "policy-in-french",
    "support-period-without-end-date",
    "support-not-on-sales-page",
    "statement-missing-field",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |n: usize| arguments.get(n).and_then(|a| a.parse::<u32>().ok());
    let (Some(products), Some(makers), Some(list)) = (number(0), number(1).filter(|n| *n > 0), arguments.get(2)) else {
        let _ = writeln!(std::io::stderr(), "usage: survey_site PRODUCTS MAKERS LIST.csv");
        std::process::exit(2);
    };
    let site = site::Site::start(Ipv4Addr::new(127, 60, 0, 1), makers, site::Answers::default());
    let mut text = String::from("maker,product,model,policy_url,support_url,statement_url,sales_urls\n");
    for n in 0..products {
        let (maker, model) = (n % makers, format!("M{n:04}"));
        let variant = if n % 10 == 9 { DEFECTS[(n / 10) as usize % DEFECTS.len()] } else { "good" };
        let root = site.root(maker as usize);
        // A maker has one policy; support page, statement and sales page are the product's.
        let _ = writeln!(
            text,
            "Maker {maker},Camera {n},{model},{root}/{variant}/all/security,{root}/{variant}/{model}/support,{root}/{variant}/{model}/statement,{root}/{variant}/{model}/product"
        );
    }
    std::fs::write(list, text).unwrap_or_else(|e| panic!("{list}: {e}"));
    let _ = writeln!(std::io::stdout(), "ready");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
