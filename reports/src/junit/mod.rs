//! junit.xml, default dialect: what Jenkins, GitLab and the GitHub reporters read alike, and valid for Jenkins'
//! `junit-10.xsd`.

mod cases;
mod text;
mod xml;

pub(crate) use cases::render;
