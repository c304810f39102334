//! The visible list of virtual models: what `assay virtual list` prints.

use serde::Serialize;

use crate::camera::defect::{self, DefectInfo};

/// A kind of virtual device.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ModelInfo {
    /// The word in `provider: { virtual: camera }`.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Its switches: seeded defects and dead twins.
    pub defects: &'static [DefectInfo],
}

static MODELS: &[ModelInfo] = &[ModelInfo {
    name: "camera",
    summary: "smart camera: serial console, SSH, HTTPS web interface and JSON API, maker's website",
    defects: defect::TABLE,
}];

/// Every virtual model.
#[must_use]
pub fn models() -> &'static [ModelInfo] {
    MODELS
}
