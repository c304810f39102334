//! Methods offered, and one try with a password.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use assay_model::touch::ssh::SshResponse;
use ssh2::{KeyboardInteractivePrompt, Prompt};

use super::{
    command,
    ending::{self, Stage},
    session::Greeted,
};

/// What a server offers to a user.
pub(super) enum Offered {
    /// These methods.
    Methods(Vec<String>),
    /// It let the user in by `none`.
    Nothing,
}

/// Asks by the `none` method, as RFC 4252 5.2 has it: the server lists its methods, or lets the user in.
pub(super) fn offered(greeted: &Greeted, user: &str) -> Result<Offered, SshResponse> {
    greeted.allow();
    // The crate unwraps the list as UTF-8, and a DUT may send anything.
    let listed = catch_unwind(AssertUnwindSafe(|| greeted.session.auth_methods(user).map(str::to_owned)))
        .map_err(|_| SshResponse::Dropped { stage: "methods: the list of methods is no text".into() })?;
    if greeted.session.authenticated() {
        return Ok(Offered::Nothing);
    }
    let listed = listed.map_err(|e| greeted.ended(Stage::Methods, &e))?;
    Ok(Offered::Methods(listed.split(',').filter(|m| !m.is_empty()).map(str::to_owned).collect()))
}

/// The methods as a response.
pub(super) fn methods(greeted: &Greeted, user: &str) -> Result<SshResponse, SshResponse> {
    Ok(match offered(greeted, user)? {
        Offered::Methods(methods) => SshResponse::Methods { methods, none_accepted: false },
        Offered::Nothing => SshResponse::Methods { methods: Vec::new(), none_accepted: true },
    })
}

/// Tries `password`, and runs `command` if that succeeds.
pub(super) fn logon(
    greeted: &Greeted,
    user: &str,
    password: &str,
    command: Option<&str>,
) -> Result<SshResponse, SshResponse> {
    if let Offered::Methods(methods) = offered(greeted, user)? {
        let has = |name: &str| methods.iter().any(|m| m == name);
        let started = Instant::now();
        greeted.allow();
        // A server that lists neither is asked all the same: what it lists and what it takes may differ.
        let tried = if has("keyboard-interactive") && !has("password") {
            greeted.session.userauth_keyboard_interactive(user, &mut OnePassword { password, given: false })
        } else {
            greeted.session.userauth_password(user, password)
        };
        match tried {
            Ok(()) => {}
            Err(e) if ending::is_denial(&e) => {
                let after_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                return Ok(SshResponse::Denied { after_ms });
            }
            // The password was right and has run out: no command, but a logon.
            Err(e) if ending::is_expired(&e) => {
                return Ok(SshResponse::Accepted { output: Vec::new().into(), exit: None });
            }
            Err(e) => return Err(greeted.ended(Stage::Logon, &e)),
        }
    }
    let (output, exit) = command.map_or((Vec::new(), None), |c| command::run(greeted, c));
    Ok(SshResponse::Accepted { output: output.into(), exit })
}

/// Answers the first hidden prompt with the password and all others with nothing.
struct OnePassword<'a> {
    password: &'a str,
    given: bool,
}

impl KeyboardInteractivePrompt for OnePassword<'_> {
    fn prompt(&mut self, _user: &str, _instructions: &str, prompts: &[Prompt<'_>]) -> Vec<String> {
        let mut answer = |prompt: &Prompt<'_>| {
            let now = !self.given && !prompt.echo;
            self.given |= now;
            if now { self.password.to_owned() } else { String::new() }
        };
        prompts.iter().map(&mut answer).collect()
    }
}
