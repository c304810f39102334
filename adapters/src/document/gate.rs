//! Whose turn it is: so many requests to one host at once, a pause between two, and what its robots.txt says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use assay_model::touch::document::Politeness;
use assay_model::{Deadline, Fault};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use super::DocumentSources;
use super::robots::{self, Rules};
use super::url::Url;
use crate::socket::within;

/// Everything that is known of the hosts of a run.
pub(super) struct Gate {
    politeness: Politeness,
    user_agent: String,
    /// By name or address.
    places: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// By scheme, host and port.
    rules: Mutex<HashMap<String, Arc<OnceCell<Rules>>>>,
}

/// Whether a page may be asked for now.
pub(super) enum Entry {
    /// It may, while this is held.
    Turn(Turn),
    /// It may not: why, in words.
    Refused(String),
}

/// A place at a host. It is given back a pause after it was dropped.
pub(super) struct Turn {
    place: Option<OwnedSemaphorePermit>,
    pause: Duration,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (place, pause) = (self.place.take(), self.pause);
        if let (false, Ok(runtime)) = (pause.is_zero(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                tokio::time::sleep(pause).await;
                drop(place);
            });
        }
    }
}

impl Gate {
    pub(super) fn new(politeness: Politeness) -> Self {
        let contact = if politeness.contact.is_empty() { String::new() } else { format!("; {}", politeness.contact) };
        let user_agent = format!(
            "{}/{} (desk survey of published security information; +{}{contact})",
            robots::NAME,
            env!("CARGO_PKG_VERSION"),
            env!("CARGO_PKG_REPOSITORY"),
        );
        Self { politeness, user_agent, places: Mutex::default(), rules: Mutex::default() }
    }

    pub(super) fn page_timeout(&self) -> Duration {
        self.politeness.page_timeout
    }

    pub(super) fn user_agent(&self) -> &str {
        &self.user_agent
    }

    pub(super) fn allows_near(&self) -> bool {
        self.politeness.private
    }

    /// Waits for a turn at the host of `url`.
    ///
    /// # Errors
    /// No turn came before the deadline, or this host's own trouble while robots.txt was asked for.
    pub(super) async fn enter(
        &self,
        sources: &DocumentSources,
        url: &Url,
        obeys: bool,
        until: Deadline,
    ) -> Result<Entry, Fault> {
        let mut pause = self.politeness.pause;
        if obeys && self.politeness.robots {
            let rules = self.rules(sources, url, until).await?;
            if let Some(why) = rules.refuse(url) {
                return Ok(Entry::Refused(why));
            }
            pause = pause.max(rules.crawl_delay().min(Politeness::LONGEST_CRAWL_DELAY));
        }
        let places = {
            let mut all = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            let most = self.politeness.per_host.max(1) as usize;
            all.entry(url.host.clone()).or_insert_with(|| Arc::new(Semaphore::new(most))).clone()
        };
        match within(until, places.acquire_owned()).await {
            Some(Ok(place)) => Ok(Entry::Turn(Turn { place: Some(place), pause })),
            _ => Err(Fault::timeout(format!("no turn at {} came before the deadline", url.host))
                .with_help("raise the step's `deadline`, or ask more at once with `per_host`, or pause for less")),
        }
    }

    /// What robots.txt of a site says; asked once a run.
    async fn rules(&self, sources: &DocumentSources, url: &Url, until: Deadline) -> Result<Rules, Fault> {
        let root = Url { path: "/robots.txt".into(), ..url.clone() };
        let cell = {
            let mut all = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(root.to_string()).or_default().clone()
        };
        // Boxed: a page asks for robots.txt, which is a page.
        let asked = Box::pin(cell.get_or_try_init(|| robots::ask(sources, root, until)));
        asked.await.cloned()
    }
}
