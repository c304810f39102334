//! junit.xml. The default dialect is what Jenkins, GitLab and the GitHub reporters read alike, and valid for Jenkins'
//! `junit-10.xsd`; the rich one adds properties to each case.

mod cases;
mod text;
mod xml;

pub(crate) use cases::{Dialect, render};
