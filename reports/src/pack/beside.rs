//! A signature beside a document that is no pack: an answers file.

use super::role::Role;
use super::signers::{self, Unfit};
use super::ssh::SshSig;

/// Who signed `bytes`: by an armoured OpenSSH signature in `namespace`, and a file of allowed signers, as of now.
///
/// # Errors
/// The signature does not count, or the signers' file cannot be read: in a sentence.
pub fn signed_by(armoured: &[u8], bytes: &[u8], namespace: &str, signers: &str) -> Result<String, String> {
    let allowed = signers::read(signers).map_err(|(line, why)| format!("line {line} of the allowed signers {why}"))?;
    let signature = SshSig::from_armoured(armoured).map_err(|why| format!("it {why}"))?;
    if signature.namespace != namespace {
        return Err(format!("it was made for `{}`, and `{namespace}` is expected", signature.namespace));
    }
    signature.verify(bytes).map_err(|why| format!("it is not over this file: the signature {why}"))?;
    let key = &signature.key;
    let refused = |why: String| format!("the key {} does not count: {why}", key.fingerprint());
    let found = signers::find(&allowed, key, namespace, Role::Operator, &now());
    found.map(|signer| signer.principals.clone()).map_err(|unfit| {
        refused(match unfit {
            Unfit::Unknown => "no line of the allowed signers has it".into(),
            Unfit::Namespace(list) => format!("its line allows the namespaces `{list}` only"),
            Unfit::Role(list) => format!("its line allows the roles {list} only, not operator"),
            Unfit::Time(when) => format!("its line is valid {when}"),
        })
    })
}

/// 14 digits, UTC.
fn now() -> String {
    let now = time::OffsetDateTime::now_utc();
    let (year, month, day) = now.to_calendar_date();
    let (hour, minute, second) = now.to_hms();
    format!("{year:04}{:02}{day:02}{hour:02}{minute:02}{second:02}", u8::from(month))
}
