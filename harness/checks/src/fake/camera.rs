//! The camera's state: what it knows, and how it decides.

use std::sync::{Arc, Mutex, MutexGuard};

use assay_model::{Touches, touch::tcp::Connection};

use super::boot::Stage;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Good,
    /// No lockout, empty passwords, telnet as root, a shared password after reset, an open SSH user, a weak console.
    Weak,
    /// Accepts connections and never answers.
    Silent,
    /// Nothing listens.
    Absent,
}

/// One terminal, on the console or over telnet.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    pub(super) user: Option<String>,
    pub(super) shell: bool,
    pub(super) out: String,
    /// Bytes before `out` that the bench no longer holds.
    pub(super) washed_away: u64,
}

#[derive(Debug)]
pub(super) struct Camera {
    pub(super) kind: Kind,
    account: Option<(String, bool)>,
    wrong: u32,
    pub(super) silent_lock: bool,
    pub(super) console: Terminal,
    pub(super) stage: Stage,
    /// Bytes that each boot says first and the bench no longer holds at its end.
    pub(super) lost_start: u64,
    /// The console gives a root shell to whoever comes.
    pub(super) open_shell: bool,
    /// Its plug is not in the switch.
    pub(super) never_off: bool,
    /// Power came back this moment: nothing listens yet.
    pub(super) just_on: bool,
    /// Its kernel goes on talking behind the first prompt.
    pub(super) talks_on: bool,
    /// A break was the last thing on the console.
    pub(super) broken: bool,
    /// Its loader looks at an image before it starts it.
    pub(super) verifying: bool,
    pub(super) image_altered: bool,
    /// The kernel was told to start a shell and nothing else.
    pub(super) boots_to_shell: bool,
    pub(super) telnet: Vec<Terminal>,
    /// A setting.
    pub(super) name: String,
}

pub(super) enum Answer {
    Yes,
    No,
    Locked,
}

impl Camera {
    pub(super) fn dead(&self) -> bool {
        matches!(self.kind, Kind::Silent | Kind::Absent)
    }

    pub(super) fn weak(&self) -> bool {
        self.kind == Kind::Weak
    }

    pub(super) fn open_ports(&self) -> Vec<u16> {
        match self.kind {
            Kind::Absent => vec![],
            _ if self.stage == Stage::Bricked => vec![],
            Kind::Weak => vec![631, 2222, 2323, 8080, 8443],
            Kind::Good | Kind::Silent => vec![631, 2222, 8080, 8443],
        }
    }

    pub(super) fn initialised(&self) -> bool {
        self.account.is_some()
    }

    pub(super) fn log_on(&mut self, user: &str, password: &str) -> Answer {
        let Some((right, _)) = &self.account else { return Answer::No };
        if self.wrong >= 5 && !self.weak() {
            return if self.silent_lock { Answer::No } else { Answer::Locked };
        }
        if user == "admin" && password == right {
            self.wrong = 0;
            return Answer::Yes;
        }
        self.wrong += 1;
        Answer::No
    }

    /// The status of a set-up.
    pub(super) fn set_up(&mut self, label: &str, password: Option<&str>) -> u16 {
        let password = password.unwrap_or_default();
        if self.account.as_ref().is_some_and(|(_, chosen)| *chosen) {
            return 409;
        }
        if label != "label-s1" {
            return 403;
        }
        if password.len() < 8 && !(self.weak() && password.is_empty()) {
            return 422;
        }
        self.account = Some((password.to_owned(), true));
        self.wrong = 0;
        204
    }

    pub(super) fn reset(&mut self, label: &str) -> u16 {
        if label != "label-s1" {
            return 403;
        }
        self.account = self.weak().then(|| ("admin1234".to_owned(), false));
        self.wrong = 0;
        204
    }
}

/// A camera that checks can touch.
#[derive(Clone)]
pub(crate) struct Dut(Arc<Mutex<Camera>>);

impl Dut {
    fn new(kind: Kind) -> Self {
        Self(Arc::new(Mutex::new(Camera {
            kind,
            account: None,
            wrong: 0,
            silent_lock: false,
            console: Terminal::default(),
            stage: Stage::Up,
            lost_start: 0,
            open_shell: false,
            never_off: false,
            just_on: false,
            talks_on: false,
            broken: false,
            verifying: false,
            image_altered: false,
            boots_to_shell: false,
            telnet: Vec::new(),
            name: "Camera".to_owned(),
        })))
    }
    pub(crate) fn good() -> Self {
        Self::new(Kind::Good)
    }
    pub(crate) fn weak() -> Self {
        Self::new(Kind::Weak)
    }
    pub(crate) fn silent() -> Self {
        Self::new(Kind::Silent)
    }
    pub(crate) fn absent() -> Self {
        Self::new(Kind::Absent)
    }

    /// After first use with that password.
    pub(crate) fn set_up(self, password: &str) -> Self {
        self.lock().account = Some((password.to_owned(), true));
        self
    }

    /// A lockout that only looks like a wrong password.
    pub(crate) fn locks_silently(self) -> Self {
        self.lock().silent_lock = true;
        self
    }

    /// It has power, whatever the switch does.
    pub(crate) fn never_without_power(self) -> Self {
        self.lock().never_off = true;
        self
    }

    /// What stands on the console.
    pub(crate) fn says(&self, text: &str) {
        self.lock().console.out.push_str(text);
    }

    /// A word of the kernel follows its first prompt.
    pub(crate) fn whose_kernel_talks_on(self) -> Self {
        self.lock().talks_on = true;
        self
    }

    /// Its boot says so many bytes more than a bench holds.
    pub(crate) fn with_lost_start(self, bytes: u64) -> Self {
        self.lock().lost_start = bytes;
        self
    }

    /// The console gives a root shell without a logon.
    pub(crate) fn without_logon(self) -> Self {
        self.lock().open_shell = true;
        self.lock().console.shell = true;
        self
    }

    /// Its loader can be stopped, and refuses images that were altered.
    pub(crate) fn verifying(self) -> Self {
        self.lock().verifying = true;
        self
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Camera> {
        self.0.lock().unwrap()
    }

    pub(super) fn telnet(&self) -> Connection {
        let mut camera = self.lock();
        camera.telnet.push(Terminal { out: "\r\ncam login: ".into(), ..Terminal::default() });
        camera.telnet.len() as Connection
    }

    /// Every way of touching it.
    pub(super) fn touches(&self) -> Touches {
        Touches {
            ports: Some(Arc::new(self.clone())),
            tcp: Some(Arc::new(self.clone())),
            udp: Some(Arc::new(self.clone())),
            http: Some(Arc::new(self.clone())),
            ssh: Some(Arc::new(self.clone())),
            console: Some(Arc::new(self.clone())),
            power: Some(Arc::new(self.clone())),
            capture: Some(Arc::new(self.clone())),
            documents: Some(Arc::new(self.clone())),
            ..Touches::default()
        }
    }
}
