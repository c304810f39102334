//! # `firmware.inspect`
//! **Question.** What stands in a firmware image?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.4-1, 5.4-3, 5.6-6, 5.6-7, 5.3-16; TS 103 701 V1.1.1 cases 5.4-1-2, 5.4-3-2
//! (functional).
//! **Procedure.** Unpacks the image in memory: squashfs, cpio, tar, zip, gzip, xz, lzma, zstd, UBI volumes and U-Boot images, also
//! where they stand inside each other or behind something else. Every file is searched for secrets by the rules of
//! `secrets.search`; programs, rights, accounts, keys and settings are looked at.
//! **Observation.** Each layer with what could not be read and why; what was found, by its place in the image. The plan decides
//! what may be there. Components make the SBOM of `assay report --format cyclonedx`.
//! **Effect.** Passive: nothing reaches the DUT, nothing is run, nothing is written.
//! **Does not show.** What encrypted or unknown parts hold; whether the DUT runs this image; secrets that look like nothing in
//! particular; components that do not say their version.

use std::time::Duration;

use assay_model::touch::document::{DocumentRequest, DocumentResponse, Wanted};
use assay_model::{CheckContext, CheckKind, Deadline, Effect, Fault, Payload, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::accounts::{Account, AuthorizedKey};
use super::components::Component;
use super::elf::Hardening;
use super::rights::Rights;
use super::services::OpenSetting;
use super::survey::Survey;
use super::unpack::{Bounds, Layer, Unpacker};
use crate::secrets::{Canary, Finding, SearchOptions, reported};

pub(crate) struct Inspect;

/// An image is no larger.
const MAX_BYTES: u32 = 512 << 20;
/// Files and folders.
const ENTRIES: u64 = 200_000;
/// Containers inside containers.
const DEPTH: u8 = 8;
/// What is left of the deadline for telling what was found.
const RESERVE: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The image: a URL of the dossier, or a path relative to it. Empty: none is named, which is reported as not found.
    #[serde(default)]
    source: String,
    /// A small image in the plan itself, `{base64: ...}`, instead of `source`: the known bad one of a control.
    #[serde(default)]
    literal: Option<Payload>,
    /// How long fetching it may take, in seconds.
    #[serde(default = "fetch_s")]
    fetch_s: u32,
    /// Bytes that may come out of it, in MiB.
    #[serde(default = "unpacked_mib")]
    unpacked_mib: u32,
    /// Values that must not turn up, by name.
    #[serde(default)]
    canaries: std::collections::BTreeMap<String, String>,
}

const fn fetch_s() -> u32 {
    120
}

const fn unpacked_mib() -> u32 {
    2048
}

/// A secret, and the file that it stands in.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Placed {
    /// The file.
    place: String,
    /// What was found; its offset counts in that file.
    #[serde(flatten)]
    finding: Finding,
}

/// A program that could not be read.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Broken {
    /// The file.
    place: String,
    /// Why.
    why: String,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether an image came.
    found: bool,
    /// Why none came.
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    /// Bytes of the image.
    bytes: u64,
    /// SHA-256 of the image.
    sha256: String,
    /// Whether the image was longer than what is read.
    truncated: bool,
    /// Whether files with rights came out of it: a file system was opened. Without, nothing can be concluded from what is
    /// absent.
    understood: bool,
    /// Whether every container that was found was read to its end, within all bounds.
    complete: bool,
    /// Containers, outer first.
    layers: Vec<Layer>,
    /// Files, also those without a name.
    files: u64,
    /// Bytes that came out of containers.
    pub(super) unpacked_bytes: u64,
    /// Bounds that were met: `bytes`, `files`, `depth`, `time`.
    bounds_met: Vec<String>,
    /// Paths that led out of their archive.
    escapes: Vec<String>,
    /// Secrets in its files, masked.
    secrets: Vec<Placed>,
    /// Programs and libraries.
    binaries: Vec<Hardening>,
    /// Programs that could not be read.
    broken_binaries: Vec<Broken>,
    /// Programs that run with their owner's rights.
    setuid: Vec<Rights>,
    /// Files and folders that everybody may change.
    world_writable: Vec<Rights>,
    /// Files made to hold secrets that everybody may read.
    exposed: Vec<Rights>,
    /// Accounts of the image.
    accounts: Vec<Account>,
    /// Public keys that open accounts.
    authorized_keys: Vec<AuthorizedKey>,
    /// Settings that open a service wider than it should be.
    open_settings: Vec<OpenSetting>,
    /// Components with a version.
    components: Vec<Component>,
    /// Findings of any kind that were only counted.
    omitted: u64,
}

#[async_trait]
impl TypedCheck for Inspect {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "firmware.inspect";
    const QUESTION: &'static str = "What stands in a firmware image?";
    const EVIDENCE_FOR: &'static str =
        "EN 303 645 V2.1.1 5.4-1, 5.4-3, 5.6-6, 5.6-7; TS 103 701 V1.1.1 5.4-1-2, 5.4-3-2 (functional)";
    const DOES_NOT_SHOW: &'static str = "what encrypted or unknown parts hold; whether the DUT runs this image; secrets that look like \
                                         nothing in particular; components that do not say their version";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["documents"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let image = match p.literal {
            Some(literal) => {
                Ok(Image { sha256: hex::encode(Sha256::digest(&literal.0)), bytes: literal.0, truncated: false })
            }
            None => fetched(cx, p.source, cx.deadline.capped(Duration::from_secs(p.fetch_s.into()))).await?,
        };
        let image = match image {
            Ok(image) => image,
            Err(note) => return Ok(Observation { note, ..Observation::default() }),
        };
        let canaries = p.canaries.into_iter().map(|(name, value)| Canary { name, value: value.into_bytes() }).collect();
        let options = SearchOptions { rules: Vec::new(), canaries };
        let survey = Survey::new(options).map_err(|e| Fault::plan("bad-parameter", e.to_string()))?;
        let bounds = Bounds {
            unpacked: u64::from(p.unpacked_mib) << 20,
            entries: ENTRIES,
            depth: DEPTH,
            until: Deadline::after(cx.deadline.remaining().saturating_sub(RESERVE)),
        };
        cx.progress.step(0, image.bytes.len() as u64, "unpacking the firmware image");
        let secrets = std::sync::Arc::clone(&cx.secrets);
        let work = move || {
            let seen = look(&image.bytes, bounds, survey, &*secrets);
            let mut seen = Observation { sha256: image.sha256, truncated: image.truncated, ..seen };
            if image.truncated {
                seen.complete = false;
                seen.bounds_met.push("size".into());
            }
            seen
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|e| Fault::adapter("firmware-unread", format!("looking at the image broke off: {e}")))
    }
}

struct Image {
    bytes: Vec<u8>,
    sha256: String,
    truncated: bool,
}

/// The image that the dossier names, or why there is none.
async fn fetched(cx: &CheckContext, source: String, until: Deadline) -> Result<Result<Image, String>, Fault> {
    if source.trim().is_empty() {
        return Ok(Err("the dossier names no image: `product.documents.firmware`".into()));
    }
    let request = DocumentRequest { source, max_bytes: MAX_BYTES, wanted: Wanted::Firmware };
    Ok(match cx.touches.documents()?.call(request, until).await? {
        DocumentResponse::Document(d) if d.status >= 400 => Err(format!("status {}", d.status)),
        DocumentResponse::Document(d) => Ok(Image { bytes: d.bytes.0, sha256: d.sha256, truncated: d.truncated }),
        DocumentResponse::Absent { text, .. } => Err(text),
    })
}

/// Unpacks and looks. Blocking, until the bounds at most.
pub(super) fn look(
    image: &[u8],
    bounds: Bounds,
    mut survey: Survey,
    secrets: &dyn assay_model::SecretSink,
) -> Observation {
    let mut visit = |entry: super::unpack::Entry<'_>| survey.look(&entry);
    let mut unpacker = Unpacker::new(bounds, &mut visit);
    unpacker.image(image);
    let Unpacker { layers, more_layers, escapes, exhausted, unpacked, .. } = unpacker;
    let (components, result, places) = survey.finish();
    let (findings, hidden) = reported(secrets, result);
    let placed = places.into_iter().zip(findings).map(|(place, finding)| Placed { place, finding }).collect();
    let omitted = [
        hidden,
        more_layers,
        survey.binaries.more,
        survey.broken.more,
        survey.setuid.more,
        survey.world_writable.more,
        survey.exposed.more,
        survey.accounts.more,
        survey.keys.more,
        survey.settings.more,
    ];
    Observation {
        found: true,
        bytes: image.len() as u64,
        understood: survey.with_rights > 0,
        complete: exhausted.is_empty() && more_layers == 0 && layers.iter().all(|layer| layer.complete),
        layers,
        files: survey.files,
        unpacked_bytes: unpacked,
        bounds_met: exhausted.iter().map(|bound| (*bound).to_owned()).collect(),
        escapes,
        secrets: placed,
        binaries: survey.binaries.told,
        broken_binaries: survey.broken.told.into_iter().map(|(place, why)| Broken { place, why }).collect(),
        setuid: survey.setuid.told,
        world_writable: survey.world_writable.told,
        exposed: survey.exposed.told,
        accounts: survey.accounts.told,
        authorized_keys: survey.keys.told,
        open_settings: survey.settings.told,
        components,
        omitted: omitted.iter().sum(),
        ..Observation::default()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let of = json!({"source": "https://maker.test/firmware"});
        vec![
            Case::good(Dut::good(), of.clone()).shows(json!({
                "found": true, "understood": true, "complete": true, "secrets": [], "setuid": [], "world_writable": [],
                "exposed": [], "accounts": [{"user": "root", "password": "locked"}], "authorized_keys": [],
                "open_settings": [], "components": [{"name": "busybox", "version": "1.36.1"}, {"name": "camera-os"}],
            })),
            Case::weak(Dut::weak(), of.clone()).shows(json!({
                "understood": true, "complete": true,
                "secrets": [{"rule": "password-hash", "default_password": true}, {"rule": "private-key-pem"}],
                "setuid": [{"mode": "4755", "owner": 0}], "world_writable": [{"mode": "0777"}],
                "exposed": [{"mode": "0644"}, {"mode": "0644"}],
                "accounts": [{"user": "root", "password": "hash", "default_password": "admin"}, {"password": "empty"}],
                "open_settings": [{"service": "sshd"}, {"service": "telnetd"}],
            })),
            // No image: nothing was understood, so nothing can be concluded from what is absent.
            Case::dead(Dut::silent(), of).shows(
                json!({"found": false, "understood": false, "complete": false, "note": "no answer", "secrets": []}),
            ),
        ]
    }
}
