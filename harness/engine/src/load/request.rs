//! What a command line asks to be loaded.

use std::path::PathBuf;

/// Paths and flags of `run` and `explain`. Flags win over what files say.
#[derive(Debug, Clone, Default)]
pub struct LoadRequest {
    /// Plan files, or folders with a `suite.yaml`.
    pub plans: Vec<PathBuf>,
    /// `--bench`.
    pub bench: Option<PathBuf>,
    /// `--product`; otherwise the bench file's.
    pub product: Option<PathBuf>,
    /// `--answers`; otherwise the bench file's.
    pub answers: Option<PathBuf>,
    /// `--lab`, added to the bench file's; of a block that several state, the last counts.
    pub lab: Vec<PathBuf>,
    /// `--waivers`.
    pub waivers: Option<PathBuf>,
    /// `--set key=value`, in order; the last of a name wins.
    pub set: Vec<(String, String)>,
    /// `--select`: CEL over `unit, plan, provision, kind, class, tags, effect`.
    pub select: Option<String>,
    /// `--samples`, for virtual benches.
    pub samples: Option<u32>,
    /// `--defect`, for virtual benches.
    pub defects: Vec<String>,
    /// For `explain`: units that the bench cannot serve are taken out, each with what is missing, instead of being mistakes.
    pub explaining: bool,
}
