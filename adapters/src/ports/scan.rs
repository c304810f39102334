//! The queue of ports and the count: what was asked how often, and what it came to.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use assay_model::touch::ports::{ScanMethod, ScanRequest, ScanResponse};
use assay_model::{Deadline, Fault};

use super::flights::{Answer, Asks, CannotStart, Flights, Landed};
use super::life::Life;
use super::pace::Pace;
use super::syn::{Syns, raw_socket};
use super::{limits_for, order};
use crate::socket::own_trouble;

/// Silent ports that are listed by number.
const LISTED: usize = 1_000;
/// Tries of a port whose silence may have been loss.
const MOST_TRIES: u8 = 5;
/// How long the thread sleeps at most before it looks whether anybody still waits for it.
const GLANCE: Duration = Duration::from_millis(50);

/// One try of a port, or of the witness.
#[derive(Debug, Clone, Copy)]
enum Try {
    /// Number from 1, and the losses known when it started.
    Port {
        number: u8,
        losses: u32,
    },
    Witness,
}

/// A port that was silent twice.
#[derive(Debug, Clone, Copy)]
struct Silent {
    port: u16,
    tries: u8,
    losses: u32,
}

struct Scan {
    flights: Box<dyn Asks<Try>>,
    pace: Pace,
    life: Life,
    patience: Duration,
    fresh: VecDeque<u16>,
    /// Due again, the earliest first: port, tries so far, when.
    again: VecDeque<(u16, u8, Instant)>,
    /// Silent, and the host has shown life before and after.
    filtered: Vec<Silent>,
    /// Silent, and no sign of life since.
    unproven: Vec<Silent>,
    response: ScanResponse,
}

/// Scans. Runs on a thread of its own until done, past the deadline, or given up.
///
/// # Errors
/// This host cannot open sockets, or has no way to the DUT's network.
pub(super) fn scan(request: &ScanRequest, until: Deadline, given_up: &AtomicBool) -> Result<ScanResponse, Fault> {
    let started = Instant::now();
    let host = request.host.address();
    let patience = Duration::from_millis(request.silence_ms.max(1).into());
    let method = match request.method {
        ScanMethod::Auto if raw_socket(host).is_ok() => ScanMethod::Syn,
        ScanMethod::Syn => ScanMethod::Syn,
        ScanMethod::Auto | ScanMethod::Connect => ScanMethod::Connect,
    };
    let mut scan = Scan {
        flights: match method {
            ScanMethod::Syn => Box::new(Syns::new(host, patience, secret())?),
            _ => Box::new(Flights::new(host, patience).map_err(|e| cannot(request, e))?),
        },
        pace: Pace::new(limits_for(host, request.limits), started),
        life: Life::new(patience),
        patience,
        fresh: order::ports(&request.tcp).into(),
        again: VecDeque::new(),
        filtered: Vec::new(),
        unproven: Vec::new(),
        response: ScanResponse { method, ..ScanResponse::default() },
    };
    let asked = scan.fresh.len();
    let stop = || until.passed() || given_up.load(Ordering::Relaxed);
    let gone = scan.run(&stop).map_err(|e| cannot(request, e))?;
    let alive_after = !gone && scan.alive_at_end(&stop).map_err(|e| cannot(request, e))?;
    Ok(scan.count(asked, alive_after, started))
}

impl Scan {
    /// Asks every port. True: the host vanished meanwhile.
    fn run(&mut self, stop: &impl Fn() -> bool) -> Result<bool, CannotStart> {
        let mut landed = Vec::new();
        while !stop() {
            let now = Instant::now();
            if self.life.gone(now) {
                return Ok(true);
            }
            self.start_what_may(stop)?;
            if self.flights.count() == 0 && self.fresh.is_empty() && self.again.is_empty() && !self.ask_suspects_again()
            {
                return Ok(false);
            }
            self.flights.land(self.idle(), &mut landed)?;
            for one in landed.drain(..) {
                self.landed(&one);
            }
        }
        Ok(false)
    }

    fn start_what_may(&mut self, stop: &impl Fn() -> bool) -> Result<(), CannotStart> {
        for started in 0_u32.. {
            let now = Instant::now();
            if let Some(witness) = self.life.due(now) {
                self.life.asked();
                self.start(witness, Try::Witness, now)?;
            }
            // A loop that is answered at once never sleeps: look up from it now and then.
            if self.life.overdue(now)
                || !self.pace.allows(self.flights.count(), now)
                || (started % 256 == 255 && stop())
            {
                return Ok(());
            }
            let Some((port, tries)) = self.next(now) else { return Ok(()) };
            let tag = Try::Port { number: tries + 1, losses: self.pace.losses() };
            if !self.start(port, tag, now)? {
                self.again.push_front((port, tries, now));
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes the next port to ask, and how often it was asked before. Second tries first: they teach the pace.
    fn next(&mut self, now: Instant) -> Option<(u16, u8)> {
        match self.again.front() {
            Some((_, _, due)) if *due <= now => self.again.pop_front().map(|(port, tries, _)| (port, tries)),
            _ => self.fresh.pop_front().map(|port| (port, 0)),
        }
    }

    /// False: this host is out of sockets for now; others are under way and will give theirs back.
    fn start(&mut self, port: u16, tag: Try, now: Instant) -> Result<bool, CannotStart> {
        match self.flights.start(port, tag, now) {
            Ok(landed) => {
                self.pace.started();
                self.response.connects = self.response.connects.saturating_add(1);
                if let Some(landed) = landed {
                    self.landed(&landed);
                }
                Ok(true)
            }
            Err(e) if self.flights.count() > 0 && is_shortage(&e.0) => {
                self.pace.exhausted(self.flights.count());
                if matches!(tag, Try::Witness) {
                    self.life.heard(false);
                }
                Ok(false)
            }
            Err(e) => Err(e),
        }
    }

    fn landed(&mut self, one: &Landed<Try>) {
        let now = Instant::now();
        if let Try::Witness = one.tag {
            self.life.heard(one.answer == Answer::Silent);
        }
        match (one.answer, one.tag) {
            (Answer::Open | Answer::Closed, tag) => {
                let open = one.answer == Answer::Open;
                self.alive(one.port, open, now);
                if let Try::Port { number, .. } = tag {
                    if number == 1 {
                        self.pace.answered(now)
                    } else {
                        self.pace.lost(now, self.patience)
                    }
                    if open { self.response.open.push(one.port) } else { self.response.closed += 1 }
                }
            }
            (Answer::Itself, Try::Port { number, .. }) => self.again.push_front((one.port, number - 1, now)),
            (Answer::Itself | Answer::Silent, Try::Witness) => {}
            (Answer::Silent, Try::Port { number: 1, .. }) => {
                self.again.push_back((one.port, 1, now + self.patience / 2))
            }
            (Answer::Silent, Try::Port { number, losses }) => {
                self.pace.dropped();
                self.unproven.push(Silent { port: one.port, tries: number, losses });
            }
        }
    }

    /// The host showed life: what was silent before now was silent on purpose, if the host had shown life before that.
    fn alive(&mut self, port: u16, open: bool, now: Instant) {
        if self.life.answered(port, open, now) {
            self.again.extend(self.unproven.drain(..).map(|s| (s.port, 1, now)));
        } else if !self.unproven.is_empty() {
            self.filtered.append(&mut self.unproven);
        }
    }

    /// Puts silences from before a loss back into the queue: they may have been losses too. False: there are none.
    fn ask_suspects_again(&mut self) -> bool {
        let now = Instant::now();
        let losses = self.pace.losses();
        let mut found = false;
        for list in [&mut self.filtered, &mut self.unproven] {
            list.retain(|silent| {
                let suspect = silent.losses < losses && silent.tries < MOST_TRIES;
                if suspect {
                    self.again.push_back((silent.port, silent.tries, now));
                    found = true;
                }
                !suspect
            });
        }
        found
    }

    /// How long nothing needs to be done but to listen. Called when all that may start has started.
    fn idle(&self) -> Duration {
        let wait = match self.again.front() {
            _ if !self.fresh.is_empty() => Duration::ZERO,
            Some((_, _, due)) => due.saturating_duration_since(Instant::now()),
            None => GLANCE,
        };
        let wait = wait.max(self.pace.wait());
        // Ports wait, and neither time nor rate holds them: only an answer can help, and it wakes us.
        if wait.is_zero() { Duration::from_millis(5) } else { wait.min(GLANCE) }
    }

    /// Asks the witness once more.
    fn alive_at_end(&mut self, stop: &impl Fn() -> bool) -> Result<bool, CannotStart> {
        let Some(witness) = self.life.witness() else { return Ok(false) };
        let mut landed = Vec::new();
        for _ in 0..3 {
            // A scan that the deadline ended may still ask once: the answer is a round trip away.
            self.response.connects = self.response.connects.saturating_add(1);
            landed.extend(self.flights.start(witness, Try::Witness, Instant::now())?);
            let asked = Instant::now();
            loop {
                for one in landed.drain(..) {
                    if matches!(one.answer, Answer::Open | Answer::Closed) && matches!(one.tag, Try::Witness) {
                        self.alive(one.port, one.answer == Answer::Open, Instant::now());
                        return Ok(true);
                    }
                }
                if asked.elapsed() > self.patience || (stop() && asked.elapsed() > GLANCE.min(self.patience)) {
                    break;
                }
                self.flights.land(Duration::from_millis(5), &mut landed)?;
            }
            if stop() {
                break;
            }
        }
        Ok(false)
    }

    fn count(mut self, asked: usize, alive_after: bool, started: Instant) -> ScanResponse {
        // Without any sign of life, silence is all that can be said. With one, silence after the last sign says nothing.
        if !self.life.shown() {
            self.filtered.append(&mut self.unproven);
        }
        let mut silent: Vec<u16> = self.filtered.iter().map(|s| s.port).collect();
        silent.sort_unstable();
        let mut response = self.response;
        response.open.sort_unstable();
        response.filtered = silent.len() as u32;
        silent.truncate(LISTED);
        response.filtered_ports = silent;
        response.unasked = asked as u32 - response.open.len() as u32 - response.closed - response.filtered;
        response.alive_before = self.life.shown();
        response.alive_after = alive_after;
        response.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        response
    }
}

/// A number that no host can guess: what Rust seeds its hash tables with.
fn secret() -> u32 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0) as u32
}

fn is_shortage(error: &std::io::Error) -> bool {
    own_trouble(error)
        .is_some_and(|f| matches!(f.code.as_str(), "out-of-descriptors" | "out-of-ports" | "out-of-memory"))
}

fn cannot(request: &ScanRequest, error: CannotStart) -> Fault {
    let host = request.host.address();
    own_trouble(&error.0)
        .unwrap_or_else(|| Fault::bench("cannot-connect", format!("this host cannot connect to {host}: {}", error.0)))
}
