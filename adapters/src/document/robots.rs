//! robots.txt (RFC 9309): what a site asks of programs that read it.

use std::sync::Arc;
use std::time::Duration;

use assay_model::touch::document::DocumentResponse;
use assay_model::{Deadline, Fault};
use texting_robots::Robot;

use super::DocumentSources;
use super::fetch::follow;
use super::url::Url;

/// The name that rules are looked up under, and the first word of the `User-Agent`.
pub(super) const NAME: &str = "assay";
/// Bytes that are read of it; RFC 9309 asks for 500 KiB at least.
const MOST_BYTES: u32 = 512 * 1024;

/// The rules of one site.
#[derive(Clone)]
pub(super) enum Rules {
    /// There are none: everything may be asked for.
    None,
    /// As read.
    Robot(Arc<Robot>),
    /// They could not be read, so nothing may be asked for (RFC 9309, 2.3.1.4): why, in words.
    Unreachable(String),
}

/// Asks for `root`, the site's robots.txt.
///
/// # Errors
/// This host's own trouble.
pub(super) async fn ask(sources: &DocumentSources, root: Url, until: Deadline) -> Result<Rules, Fault> {
    let place = root.to_string();
    let unreachable = |why: String| Rules::Unreachable(format!("{place} could not be read ({why})"));
    Ok(match follow(sources, root, MOST_BYTES, until, false).await? {
        DocumentResponse::Absent { text, .. } => unreachable(text),
        DocumentResponse::Document(answer) => match answer.status {
            200..=299 => {
                let bytes = answer.bytes.0;
                let parsed = tokio::task::spawn_blocking(move || Robot::new(NAME, &bytes)).await;
                match parsed {
                    Ok(Ok(robot)) => Rules::Robot(Arc::new(robot)),
                    Ok(Err(error)) => unreachable(error.to_string()),
                    Err(error) => unreachable(error.to_string()),
                }
            }
            400..=499 => Rules::None,
            status => unreachable(format!("status {status}")),
        },
    })
}

impl Rules {
    /// Why a page may not be asked for; `None` where it may.
    pub(super) fn refuse(&self, url: &Url) -> Option<String> {
        match self {
            Self::None => None,
            Self::Robot(robot) if robot.allowed(&url.to_string()) => None,
            Self::Robot(_) => Some(format!("not asked for: robots.txt of {} does not allow {}", url.host, url.path)),
            Self::Unreachable(why) => Some(format!("not asked for: {why}")),
        }
    }

    /// What the site asks for between two requests.
    pub(super) fn crawl_delay(&self) -> Duration {
        let Self::Robot(robot) = self else { return Duration::ZERO };
        robot.delay.and_then(|seconds| Duration::try_from_secs_f32(seconds).ok()).unwrap_or_default()
    }
}
