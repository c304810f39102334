//! The order of questions to one port: what it says unasked, the web and TLS side by side; then, where nobody spoke up,
//! the protocols that usually live there, then all others, a few at a time. The first clear answer counts.

use std::time::Duration;

use assay_model::{CheckContext, Endpoint, Fault};
use tokio::task::JoinSet;

use super::probe::{Identified, Probe};
use super::{Asker, banner, http, inside, pjl, table};
use crate::tls;

/// Questions to one port at once.
const SIDE_BY_SIDE: usize = 6;

/// What speaks on one port of a host that is asked about nothing else.
///
/// # Errors
/// The lab failed.
pub(crate) async fn port(cx: &CheckContext, endpoint: &Endpoint) -> Result<Identified, Fault> {
    Asker::new(cx, Duration::ZERO).port(endpoint).await
}

impl Asker {
    /// What speaks on one port.
    ///
    /// # Errors
    /// The lab failed.
    pub(crate) async fn port(&self, endpoint: &Endpoint) -> Result<Identified, Fault> {
        if pjl::PORTS.contains(&endpoint.port()) {
            // A raw printer port prints whatever else it is sent.
            let answer = self.ask(endpoint, pjl::ASK).await?;
            let answers = !answer.is_empty();
            return Ok(pjl::read(&answer).unwrap_or(Identified { answers, ..Identified::default() }));
        }
        let knock = tls::knock();
        let first = async { tokio::try_join!(self.ask(endpoint, &knock), http::probe(self, endpoint, false)) };
        let mut greeting = std::pin::pin!(self.ask(endpoint, b""));
        let mut first = std::pin::pin!(first);
        // Nobody waits for a greeting from what has already shown that it is a web server.
        let (greeting, knocked, web) = tokio::select! {
            greeting = &mut greeting => {
                let greeting = greeting?;
                if let Some(found) = banner::read(&greeting).filter(|f| f.service.is_some()) {
                    return Ok(found);
                }
                let (knocked, web) = first.await?;
                (greeting, knocked, web)
            }
            answers = &mut first => {
                let (knocked, web) = answers?;
                match tls::answered_in_tls(&knocked) || web.is_some() {
                    true => (Vec::new(), knocked, web),
                    false => (greeting.await?, knocked, web),
                }
            }
        };
        if tls::answered_in_tls(&knocked) {
            return inside::identify(self, endpoint).await;
        }
        let talks = banner::read(&greeting);
        if let Some(found) = talks.clone().filter(|f| f.service.is_some()).or(web) {
            return Ok(found);
        }
        let (found, heard) = self.probes(endpoint).await?;
        let answers = heard || !knocked.is_empty();
        Ok(found.or(talks).unwrap_or(Identified { answers, ..Identified::default() }))
    }

    /// Asks in protocol after protocol; whether anything came at all.
    async fn probes(&self, endpoint: &Endpoint) -> Result<(Option<Identified>, bool), Fault> {
        let usual = |probe: &&&Probe| probe.ports.contains(&endpoint.port());
        let (first, others): (Vec<&Probe>, Vec<&Probe>) = table::PROBES.iter().partition(|probe| usual(&probe));
        let others: Vec<&Probe> = others.into_iter().filter(|probe| probe.everywhere).collect();
        let mut heard = false;
        for batch in std::iter::once(first.as_slice()).chain(others.chunks(SIDE_BY_SIDE)) {
            let mut tasks = JoinSet::new();
            for probe in batch {
                let (asker, endpoint, send, read) = (self.clone(), endpoint.clone(), (probe.send)(), probe.read);
                tasks.spawn(async move { asker.ask(&endpoint, &send).await.map(|answer| (read(&answer), answer)) });
            }
            while let Some(ended) = tasks.join_next().await {
                let (found, answer) = ended.map_err(|e| {
                    Fault::adapter("identify-failed", format!("a question to {endpoint} broke off: {e}"))
                })??;
                if found.is_some() {
                    return Ok((found, true));
                }
                heard |= !answer.is_empty();
            }
        }
        Ok((None, heard))
    }
}
