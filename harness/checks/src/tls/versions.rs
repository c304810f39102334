//! One protocol version: is it accepted, and with which suites?

use assay_model::Fault;

use super::flight::{ServerFlight, ServerHello};
use super::hello::{ClientHello, ssl2_hello};
use super::names::{Version, alert_name};
use super::observation::{Observation, Suite, exchange_name};
use super::probe::{Met, Prober, Until};
use super::suites;

/// A hello with more suites than this is large: some stacks drop it, or refuse it with an odd alert.
const LARGE: usize = 100;
/// Suites in one hello to a server that refuses large ones.
const SMALL: usize = 60;

/// How far to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Is it accepted?
    Version,
    /// Which suites?
    Suites,
}

/// Asks about one version; what is returned speaks of that version alone.
///
/// # Errors
/// The lab failed, or the deadline passed.
pub(crate) async fn ask_version(
    prober: &Prober<'_>,
    name: Option<&str>,
    version: Version,
    reach: Reach,
) -> Result<Observation, Fault> {
    let mut seen = Observation::default();
    let mut batches = vec![suites::for_version(version == Version::Tls13)];
    let met = if version == Version::Ssl2 {
        prober.ask_once(&ssl2_hello(), Until::Hello).await?
    } else {
        let met = hello(prober, name, version, &batches[0], Until::Done).await?;
        if batches[0].len() > LARGE && may_be_for_size(&met) {
            let small = in_batches(&batches[0]);
            match hello(prober, name, version, &small[0], Until::Done).await? {
                again @ Met::Flight(_) if verdict(&again, version) == "accepted" => {
                    seen.large_hello_refused = true;
                    batches = small;
                    again
                }
                _ => met,
            }
        } else {
            met
        }
    };
    let word = verdict(&met, version);
    seen.answered = !matches!(met, Met::Silent | Met::Refused);
    seen.tls = matches!(met, Met::Flight(_) | Met::Ssl2);
    seen.versions.insert(version.name().into(), word.into());
    let refusal = match &met {
        _ if word == "accepted" => None,
        Met::Flight(flight) => Some(flight.alert.map_or("another version", alert_name)),
        Met::Closed | Met::Ssl2 => Some("closed"),
        Met::NotTls => Some("not TLS"),
        Met::Refused => Some("connection refused"),
        Met::NoStartTls(_) => Some("no change to TLS"),
        Met::Silent => None,
    };
    if let Some(text) = refusal {
        seen.refusals.insert(version.name().into(), text.into());
    }
    if matches!(met, Met::Silent | Met::Refused) && version != Version::Ssl2 {
        seen.broke_off.push(version.name().into());
    }
    match met {
        Met::NoStartTls(text) => seen.starttls_refused = Some(text),
        Met::Flight(flight) if word == "accepted" => {
            seen.note(&flight);
            let mut list = Enumeration { prober, name, version, reach, chosen: Vec::new() };
            list.run(batches, flight, &mut seen).await?;
        }
        _ => {}
    }
    Ok(seen)
}

struct Enumeration<'a> {
    prober: &'a Prober<'a>,
    name: Option<&'a str>,
    version: Version,
    reach: Reach,
    chosen: Vec<u16>,
}

impl Enumeration<'_> {
    async fn run(&mut self, batches: Vec<Vec<u16>>, first: ServerFlight, seen: &mut Observation) -> Result<(), Fault> {
        let mut first = Some(first);
        for mut left in batches {
            let mut flight = first.take();
            loop {
                let answer = match flight.take() {
                    Some(flight) => flight,
                    None => match self.hello(&left, Until::Done).await? {
                        Met::Flight(flight) => flight,
                        // How many servers say that there is none left.
                        Met::Closed => break,
                        _ => {
                            let asked = format!("{}, suites after {}", self.version.name(), self.chosen.len());
                            seen.broke_off.push(asked);
                            break;
                        }
                    },
                };
                let Some(suite) = accepted(&answer, self.version).map(|h| h.suite) else { break };
                // A server that chooses what was not offered would keep us here for ever.
                let Some(at) = left.iter().position(|s| *s == suite) else { break };
                left.remove(at);
                self.chosen.push(suite);
                seen.suites.push(Suite {
                    version: self.version.name().into(),
                    name: suites::name(suite),
                    key_exchange: exchange_name(&answer),
                });
                seen.note(&answer);
                if self.reach == Reach::Version {
                    return Ok(());
                }
                if left.is_empty() {
                    break;
                }
            }
        }
        self.preference(seen).await
    }

    /// Offers the server's last choice before its first: who keeps to the first has an order of its own.
    async fn preference(&self, seen: &mut Observation) -> Result<(), Fault> {
        let [first, .., last] = self.chosen[..] else { return Ok(()) };
        if let Met::Flight(flight) = self.hello(&[last, first], Until::Hello).await? {
            let kept = flight.hello.is_some_and(|h| h.suite == first);
            seen.server_preference.insert(self.version.name().into(), kept);
        }
        Ok(())
    }

    async fn hello(&self, suites: &[u16], until: Until) -> Result<Met, Fault> {
        hello(self.prober, self.name, self.version, suites, until).await
    }
}

/// Asks with one list of suites.
///
/// # Errors
/// As [`Prober::ask`].
pub(crate) async fn hello(
    prober: &Prober<'_>,
    name: Option<&str>,
    version: Version,
    suites: &[u16],
    until: Until,
) -> Result<Met, Fault> {
    prober.greet(&ClientHello::new(version, suites, name), until).await
}

/// The hello of a flight that agrees to exactly that version; a downgrade is a refusal of what was asked.
pub(crate) fn accepted(flight: &ServerFlight, version: Version) -> Option<&ServerHello> {
    flight.hello.as_ref().filter(|h| h.version == version.number())
}

fn verdict(met: &Met, version: Version) -> &'static str {
    match met {
        Met::Ssl2 if version == Version::Ssl2 => "accepted",
        Met::Flight(flight) if accepted(flight, version).is_some() => "accepted",
        Met::Silent => "silent",
        _ => "refused",
    }
}

/// Whether the answer is one that stacks give to a hello that is too large for them.
fn may_be_for_size(met: &Met) -> bool {
    match met {
        Met::Closed | Met::Silent => true,
        // unexpected_message, record_overflow, illegal_parameter, decode_error, internal_error
        Met::Flight(flight) => matches!(flight.alert, Some(10 | 22 | 47 | 50 | 80)),
        _ => false,
    }
}

/// The same suites in lists small enough for anybody, those that nearly every server has one of first.
fn in_batches(offer: &[u16]) -> Vec<Vec<u16>> {
    let usual = |id: &u16| matches!(id, 0x0004..=0x000A | 0x0016 | 0x002F..=0x0039 | 0x0067 | 0x006B | 0x009C..=0x009F | 0xC009..=0xC014 | 0xC023..=0xC030 | 0xCCA8..=0xCCAA);
    let (common, rest): (Vec<u16>, Vec<u16>) = offer.iter().copied().partition(usual);
    std::iter::once(common).chain(rest.chunks(SMALL).map(<[u16]>::to_vec)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_small_and_lose_nothing() {
        let offer = suites::for_version(false);
        let batches = in_batches(&offer);
        assert!(batches.iter().all(|b| b.len() <= SMALL));
        let mut all: Vec<u16> = batches.concat();
        all.sort_unstable();
        assert_eq!(all, offer);
    }
}
