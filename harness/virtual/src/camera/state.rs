//! What one camera knows: flash, sessions, lockouts and clock. The one state behind console, SSH, web and reset.

use std::time::{Duration, Instant};

use super::defect::{Defect, Defects};
use super::label::Label;
use super::lockout::Lockout;
use super::session::Sessions;
use super::settings::Settings;
use super::verifier::Verifier;

/// What the `reset-restores-shared-password` defect leaves behind for `admin`; an entry of public lists.
pub const SHARED_RESET_PASSWORD: &str = "admin1234";

/// The only account of web and SSH.
pub(crate) const ADMIN: &str = "admin";
/// The account of the console.
pub(crate) const SERVICE: &str = "service";

pub(crate) const MIN_PASSWORD_CHARS: usize = 8;
pub(crate) const MAX_PASSWORD_BYTES: usize = 128;

const ACCOUNT_LOCK: Duration = Duration::from_secs(30);
const CONSOLE_LOCK: Duration = Duration::from_secs(10);
const CONSOLE_FIRST_DELAY: Duration = Duration::from_millis(100);

/// How a logon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogOn {
    Accepted,
    /// Wrong; the console waits so long before it says so.
    Wrong {
        wait: Duration,
    },
    Locked {
        left: Duration,
    },
    /// No password has been chosen yet: there is no account, and nothing to guess.
    NotSetUp,
}

/// Why set-up, a change of password or a reset was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    AlreadySetUp,
    WrongPassword,
    UnknownUser,
    TooShort,
    TooLong,
    Locked { left: Duration },
}

/// The only user-visible password of the camera.
#[derive(Debug)]
struct Account {
    verifier: Verifier,
    /// Chosen at set-up; otherwise it came with a reset (a defect), and set-up stays open.
    chosen: bool,
}

/// The state of one camera.
#[derive(Debug)]
pub(crate) struct State {
    defects: Defects,
    /// Salt of what is stored; made at start.
    key: [u8; 32],
    label: Verifier,
    account: Option<Account>,
    pub(crate) settings: Settings,
    pub(crate) sessions: Sessions,
    /// Web and SSH.
    account_lockout: Lockout,
    /// Guesses at the label password over the network: set-up and reset.
    label_lockout: Lockout,
    console_lockout: Lockout,
    /// How far the camera's clock is ahead of the host's.
    clock_ahead: Duration,
    /// Steps up at each factory reset: shells of before it end.
    generation: u64,
    pub(crate) boots: u32,
}

impl State {
    pub(crate) fn new(label: &Label, defects: &Defects, key: [u8; 32]) -> Self {
        let lock = |lock_for| Lockout::new(Some(lock_for).filter(|_| !defects.has(Defect::NoLockout)));
        Self {
            label: Verifier::of(&label.password, &key),
            account: None,
            settings: Settings::default(),
            sessions: Sessions::new(key),
            account_lockout: lock(ACCOUNT_LOCK),
            label_lockout: lock(ACCOUNT_LOCK),
            console_lockout: lock(CONSOLE_LOCK),
            clock_ahead: Duration::ZERO,
            generation: 0,
            boots: 0,
            defects: defects.clone(),
            key,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::now() + self.clock_ahead
    }

    pub(crate) fn advance_clock(&mut self, by: Duration) {
        self.clock_ahead = self.clock_ahead.saturating_add(by).min(Duration::from_secs(10 * 365 * 86_400));
    }

    pub(crate) fn initialised(&self) -> bool {
        self.account.is_some()
    }

    /// What is stored of passwords: of the label's, and of the chosen one (zeros where none is).
    pub(crate) fn digests(&self) -> [[u8; 32]; 2] {
        [self.label.digest(), self.account.as_ref().map_or([0; 32], |account| account.verifier.digest())]
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// First use: whoever holds the label chooses the password.
    pub(crate) fn set_up(&mut self, label_password: &str, user: &str, password: &str) -> Result<(), Refused> {
        if self.account.as_ref().is_some_and(|account| account.chosen) {
            return Err(Refused::AlreadySetUp);
        }
        self.check_label(label_password)?;
        if user != ADMIN {
            return Err(Refused::UnknownUser);
        }
        let skipped = password.is_empty() && self.defects.has(Defect::SetupAcceptsEmptyPassword);
        if !skipped {
            acceptable(password)?;
        }
        self.choose(password);
        Ok(())
    }

    /// Logon to web and SSH.
    pub(crate) fn log_on(&mut self, user: &str, password: &str) -> LogOn {
        let now = self.now();
        let Some(account) = &self.account else { return LogOn::NotSetUp };
        if let Some(left) = self.account_lockout.locked(now) {
            return LogOn::Locked { left };
        }
        if account.verifier.matches(password) && user == ADMIN {
            self.account_lockout.clear();
            return LogOn::Accepted;
        }
        self.account_lockout.wrong(now);
        LogOn::Wrong { wait: Duration::ZERO }
    }

    /// Logon to the console. Its password is the label's for ever: who can reach the connector can read the label.
    pub(crate) fn log_on_console(&mut self, user: &str, password: &str) -> LogOn {
        let now = self.now();
        if let Some(left) = self.console_lockout.locked(now) {
            return LogOn::Locked { left };
        }
        if self.label.matches(password) && user == SERVICE {
            self.console_lockout.clear();
            return LogOn::Accepted;
        }
        let wait = match self.console_lockout.wrong(now) {
            0 => Duration::ZERO,
            wrong => CONSOLE_FIRST_DELAY * (1 << (wrong - 1).min(3)),
        };
        LogOn::Wrong { wait }
    }

    /// Replaces the chosen password; every web session ends.
    pub(crate) fn change_password(&mut self, current: &str, password: &str) -> Result<(), Refused> {
        match self.log_on(ADMIN, current) {
            LogOn::Accepted => {}
            LogOn::Locked { left } => return Err(Refused::Locked { left }),
            LogOn::Wrong { .. } | LogOn::NotSetUp => return Err(Refused::WrongPassword),
        }
        acceptable(password)?;
        self.choose(password);
        Ok(())
    }

    /// Factory reset over the network by whoever holds the label.
    pub(crate) fn reset_by_label(&mut self, label_password: &str) -> Result<(), Refused> {
        self.check_label(label_password)?;
        self.factory_reset();
        Ok(())
    }

    /// Back to how it left the factory. The clock runs on, and the label is paper.
    pub(crate) fn factory_reset(&mut self) {
        self.account = None;
        self.settings = Settings::default();
        self.sessions.clear();
        self.account_lockout.clear();
        self.label_lockout.clear();
        self.console_lockout.clear();
        self.generation += 1;
        if self.defects.has(Defect::ResetRestoresSharedPassword) {
            self.account = Some(Account { verifier: Verifier::of(SHARED_RESET_PASSWORD, &self.key), chosen: false });
        }
    }

    /// What a loss of power takes: everything that is not in flash. Lockouts are kept there.
    pub(crate) fn boot(&mut self) {
        self.sessions.clear();
        self.boots += 1;
    }

    fn check_label(&mut self, label_password: &str) -> Result<(), Refused> {
        let now = self.now();
        if let Some(left) = self.label_lockout.locked(now) {
            return Err(Refused::Locked { left });
        }
        if !self.label.matches(label_password) {
            self.label_lockout.wrong(now);
            return Err(Refused::WrongPassword);
        }
        self.label_lockout.clear();
        Ok(())
    }

    fn choose(&mut self, password: &str) {
        self.account = Some(Account { verifier: Verifier::of(password, &self.key), chosen: true });
        self.sessions.clear();
        self.account_lockout.clear();
    }
}

fn acceptable(password: &str) -> Result<(), Refused> {
    if password.chars().count() < MIN_PASSWORD_CHARS {
        return Err(Refused::TooShort);
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(Refused::TooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHOSEN: &str = "correct horse";

    fn camera(defect: Option<Defect>) -> (State, String) {
        let defects: Defects = defect.into_iter().collect();
        let label = Label::of_sample(1, &defects);
        (State::new(&label, &defects, [7; 32]), label.password)
    }

    #[test]
    fn set_up_needs_the_label_and_a_real_password_and_happens_once() {
        let (mut state, label) = camera(None);
        assert_eq!(state.log_on(ADMIN, ""), LogOn::NotSetUp);
        assert_eq!(state.set_up("guess", ADMIN, CHOSEN), Err(Refused::WrongPassword));
        assert_eq!(state.set_up(&label, ADMIN, ""), Err(Refused::TooShort));
        assert_eq!(state.set_up(&label, ADMIN, "1234567"), Err(Refused::TooShort));
        assert_eq!(state.set_up(&label, ADMIN, &"x".repeat(1_000)), Err(Refused::TooLong));
        assert_eq!(state.set_up(&label, "root", CHOSEN), Err(Refused::UnknownUser));
        assert!(!state.initialised());
        assert_eq!(state.set_up(&label, ADMIN, CHOSEN), Ok(()));
        assert_eq!(state.set_up(&label, ADMIN, CHOSEN), Err(Refused::AlreadySetUp));
        assert_eq!(state.log_on(ADMIN, CHOSEN), LogOn::Accepted);
        assert!(matches!(state.log_on(ADMIN, &label), LogOn::Wrong { .. }), "the preset is no password afterwards");
    }

    #[test]
    fn only_the_defect_sets_up_without_a_password() {
        let (mut state, label) = camera(Some(Defect::SetupAcceptsEmptyPassword));
        assert_eq!(state.set_up(&label, ADMIN, "1234567"), Err(Refused::TooShort));
        assert_eq!(state.set_up(&label, ADMIN, ""), Ok(()));
        assert_eq!(state.log_on(ADMIN, ""), LogOn::Accepted);
    }

    #[test]
    fn a_lock_refuses_the_right_password_too_until_time_or_reset() {
        let (mut state, label) = camera(None);
        state.set_up(&label, ADMIN, CHOSEN).unwrap();
        let lock = |state: &mut State| {
            for _ in 0..5 {
                state.log_on(ADMIN, "wrong");
            }
        };
        lock(&mut state);
        assert!(matches!(state.log_on(ADMIN, CHOSEN), LogOn::Locked { .. }));
        state.advance_clock(ACCOUNT_LOCK);
        assert_eq!(state.log_on(ADMIN, CHOSEN), LogOn::Accepted);

        lock(&mut state);
        assert_eq!(state.reset_by_label(&label), Ok(()), "the way back works while locked");
        assert_eq!(state.log_on(ADMIN, CHOSEN), LogOn::NotSetUp);
        state.set_up(&label, ADMIN, CHOSEN).unwrap();
        assert_eq!(state.log_on(ADMIN, CHOSEN), LogOn::Accepted);
    }

    #[test]
    fn the_label_password_cannot_be_guessed_through_set_up_or_reset() {
        let (mut state, label) = camera(None);
        for _ in 0..3 {
            assert_eq!(state.set_up("guess", ADMIN, CHOSEN), Err(Refused::WrongPassword));
        }
        for _ in 0..2 {
            assert_eq!(state.reset_by_label("guess"), Err(Refused::WrongPassword));
        }
        assert!(matches!(state.reset_by_label(&label), Err(Refused::Locked { .. })));
        state.factory_reset();
        assert_eq!(state.reset_by_label(&label), Ok(()));
    }

    #[test]
    fn the_console_waits_longer_each_time_and_then_locks() {
        let (mut state, label) = camera(None);
        let waits: Vec<u128> = (0..5)
            .map(|_| match state.log_on_console(SERVICE, "wrong") {
                LogOn::Wrong { wait } => wait.as_millis(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 800]);
        assert!(matches!(state.log_on_console(SERVICE, &label), LogOn::Locked { .. }));
        state.advance_clock(CONSOLE_LOCK);
        assert_eq!(state.log_on_console(SERVICE, &label), LogOn::Accepted);
    }

    #[test]
    fn the_no_lockout_defect_costs_nothing_anywhere() {
        let (mut state, label) = camera(Some(Defect::NoLockout));
        state.set_up(&label, ADMIN, CHOSEN).unwrap();
        for _ in 0..50 {
            assert_eq!(state.log_on(ADMIN, "wrong"), LogOn::Wrong { wait: Duration::ZERO });
            assert_eq!(state.log_on_console(SERVICE, "wrong"), LogOn::Wrong { wait: Duration::ZERO });
            assert_eq!(state.reset_by_label("wrong"), Err(Refused::WrongPassword));
        }
        assert_eq!(state.log_on(ADMIN, CHOSEN), LogOn::Accepted);
    }

    #[test]
    fn reset_forgets_and_only_the_defect_comes_back_with_a_shared_password() {
        for (defect, shared) in [(None, false), (Some(Defect::ResetRestoresSharedPassword), true)] {
            let (mut state, label) = camera(defect);
            assert!(!state.initialised());
            state.set_up(&label, ADMIN, CHOSEN).unwrap();
            state.factory_reset();
            assert_eq!(state.initialised(), shared);
            assert_eq!(state.log_on(ADMIN, SHARED_RESET_PASSWORD) == LogOn::Accepted, shared);
            assert_ne!(state.log_on(ADMIN, CHOSEN), LogOn::Accepted);
            assert_eq!(state.set_up(&label, ADMIN, CHOSEN), Ok(()), "first use stays open until a user chose");
        }
    }
}
