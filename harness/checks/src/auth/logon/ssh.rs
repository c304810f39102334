//! Logon by SSH.

use assay_model::{
    CheckContext, Deadline, Endpoint, Fault,
    touch::ssh::{SshRequest, SshResponse},
};

use super::Attempt;

pub(super) async fn attempt(
    cx: &CheckContext,
    endpoint: &Endpoint,
    user: &str,
    password: &str,
    until: Deadline,
) -> Result<Attempt, Fault> {
    let request = SshRequest::Logon {
        endpoint: endpoint.clone(),
        user: user.to_owned(),
        password: password.to_owned(),
        command: None,
    };
    Ok(match cx.touches.ssh()?.call(request, until).await? {
        SshResponse::Accepted { .. } => Attempt::Accepted { token: None },
        SshResponse::Denied { after_ms } => Attempt::Refused { after_ms },
        SshResponse::Dropped { .. } => Attempt::Dropped,
        SshResponse::Refused => Attempt::Unreachable,
        SshResponse::NoAnswer { .. } => Attempt::Silent,
        SshResponse::NoCommonAlgorithm { text } => Attempt::Unusable { text },
        SshResponse::Hello(_) | SshResponse::Methods { .. } => {
            return Err(Fault::adapter("bad-response", "the SSH adapter answered a logon with something else"));
        }
    })
}
