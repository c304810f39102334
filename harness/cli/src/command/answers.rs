//! The signature beside an answers file: `answers.yaml.sig`, as `ssh-keygen -Y sign -n assay-answers-v1` leaves it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_engine::plan::{Input, ResolvedRun};
use assay_model::SourceFile;
use assay_reports::pack::signed_by;

use crate::{exit, say};

/// What signatures of answers files are bound to.
const NAMESPACE: &str = "assay-answers-v1";
/// A signature has a few hundred bytes.
const LARGEST: u64 = 64 * 1024;

/// Verifies the signature where allowed signers are given; then an answers file must have a good one. What was verified goes
/// into the pack.
pub(super) fn verified(resolved: &mut ResolvedRun, signers: Option<&Path>) -> Result<(), u8> {
    let Some(answers) = &mut resolved.answers else {
        return match signers {
            None => Ok(()),
            Some(_) => Err(refuse(
                "`--answer-signers` is given, and there is no answers file".into(),
                "name it with `--answers`",
            )),
        };
    };
    let path = &answers.file.path;
    let shown = path.display();
    let signature = signature_beside(path);
    let Some(signers) = signers else {
        if let Some(signature) = signature {
            say::note(format!("{} was not looked at: no `--answer-signers` is given", signature.display()));
        }
        return Ok(());
    };
    let help = format!("ssh-keygen -Y sign -n {NAMESPACE} -f KEY {shown}");
    let Some(signature) = signature else {
        return Err(refuse(format!("{shown} is not signed: there is no {shown}.sig"), &help));
    };
    let read = |path: &Path| read(path).map_err(|text| refuse(text, ""));
    let (armoured, allowed) = (read(&signature)?, read(signers)?);
    match signed_by(armoured.as_bytes(), answers.file.text.as_bytes(), NAMESPACE, &allowed) {
        Ok(who) => {
            say::note(format!("{shown} is signed by {who}"));
            answers.signed = Some(who);
            let file = Arc::new(SourceFile { path: signature, text: armoured });
            resolved.inputs.push(Input::new("answers-signature", file));
            Ok(())
        }
        Err(why) => Err(refuse(format!("the signature {} does not count: {why}", signature.display()), &help)),
    }
}

fn refuse(text: String, help: &str) -> u8 {
    say::error("answers-signature", text, Some(help));
    exit::INVALID
}

/// `.sig` is what ssh-keygen writes; `.sshsig` is how packs call theirs.
fn signature_beside(path: &Path) -> Option<PathBuf> {
    ["sig", "sshsig"].into_iter().map(|ending| path.with_added_extension(ending)).find(|path| path.is_file())
}

fn read(path: &Path) -> Result<String, String> {
    use std::io::Read;
    let mut text = String::new();
    let opened = std::fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
    opened.map(|_| text).map_err(|e| format!("{} could not be read: {e}", path.display()))
}
