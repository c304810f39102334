//! One logon, over any service that a dossier can declare, with one set of words for how it ends.

pub(crate) mod basic;
pub(crate) mod console;
mod dialogue;
pub(crate) mod digest;
pub(crate) mod ssh;
pub(crate) mod telnet;
pub(crate) mod web;
pub(crate) mod words;

use std::time::Duration;

use assay_model::{CheckContext, Endpoint, Fault};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::{ftp, mqtt, redis, rtsp, vnc};

/// How a mechanism is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Service {
    /// SSH with a password or keyboard-interactive.
    Ssh,
    /// A JSON object by POST.
    HttpsJson,
    /// An HTML form.
    HttpForm,
    /// HTTP Basic.
    HttpBasic,
    /// HTTP Digest.
    HttpDigest,
    /// The user and password of an MQTT connection.
    Mqtt,
    /// FTP's USER and PASS.
    Ftp,
    /// Redis' AUTH.
    Redis,
    /// RTSP by Digest or Basic.
    Rtsp,
    /// VNC's own password; users are left out.
    Vnc,
    /// Telnet with a login prompt.
    Telnet,
    /// The serial console.
    Console,
}

/// Names of the fields that carry user and password.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Fields {
    /// The user's field.
    pub user: String,
    /// The password's field.
    pub password: String,
}

impl Default for Fields {
    fn default() -> Self {
        Self { user: "user".into(), password: "password".into() }
    }
}

/// A place to log on, as an `endpoints` entry of an IXIT 1-AuthMech row states it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// The TCP port; absent on the console.
    #[serde(default)]
    pub port: Option<u16>,
    /// How it is spoken to.
    pub service: Service,
    /// Path of the API call, form or page; `/api/login`, `/login` and `/` where absent.
    #[serde(default)]
    pub path: Option<String>,
    /// Whether it is behind TLS; asked of the port where absent.
    #[serde(default)]
    pub tls: Option<bool>,
    /// Field names, for JSON and forms.
    #[serde(default)]
    pub fields: Option<Fields>,
    /// Its user, where it has one only.
    #[serde(default)]
    pub user: Option<String>,
    /// `tcp`; only that is spoken here.
    #[serde(default)]
    pub proto: Option<String>,
    /// The IXIT table that it comes from.
    #[serde(default)]
    #[expect(dead_code, reason = "rows of the dossier carry it")]
    pub table: Option<String>,
    /// The row of that table.
    #[serde(default)]
    #[expect(dead_code, reason = "rows of the dossier carry it")]
    pub row: Option<String>,
}

impl Place {
    /// A place that only says how it is spoken to.
    pub(crate) const fn of(service: Service, port: Option<u16>) -> Self {
        Self { port, service, path: None, tls: None, fields: None, user: None, proto: None, table: None, row: None }
    }
}

/// A mechanism that is ready to be tried.
pub(crate) struct Mechanism {
    pub service: Service,
    pub endpoint: Option<Endpoint>,
    pub path: String,
    pub tls: bool,
    pub fields: Fields,
    /// The place's own user, where it has one only.
    pub user: Option<String>,
}

/// How one logon ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// Let in; with the token where a web API gave one.
    Accepted { token: Option<String> },
    /// Refused in so many words.
    Refused { after_ms: u64 },
    /// Refused because of earlier tries.
    Limited { by: LimitedBy, retry_after_s: Option<u64> },
    /// The DUT closed while the logon was under way.
    Dropped,
    /// Nothing listens.
    Unreachable,
    /// It accepted the connection and then said nothing.
    Silent,
    /// What is there is no such logon: nothing can be learnt from it.
    Unusable { text: String },
}

/// What stopped a series of tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) enum LimitedBy {
    /// Status 429, or a refusal with Retry-After.
    #[serde(rename = "429")]
    TooMany,
    /// The answer says that the account is locked.
    #[serde(rename = "message")]
    Message,
    /// Answers take longer and longer.
    #[serde(rename = "delay")]
    Delay,
    /// It closes instead of answering.
    #[serde(rename = "disconnect")]
    Disconnect,
    /// It refuses the right password too.
    #[serde(rename = "refusal")]
    Refusal,
}

/// One logon may take so long; a tarpit beyond that is silence.
const ATTEMPT: Duration = Duration::from_secs(12);

impl Mechanism {
    /// Resolves a place, asking the port about TLS where the place does not say.
    pub(crate) async fn at(cx: &CheckContext, host: &str, place: &Place) -> Result<Self, Fault> {
        if let Some(proto) = place.proto.as_deref().filter(|p| !matches!(*p, "tcp" | "serial")) {
            return Err(Fault::plan("bad-proto", format!("a logon over `{proto}` is not spoken here, only over tcp")));
        }
        let endpoint = match (place.service, place.port) {
            (Service::Console, _) => None,
            (_, Some(port)) => Some(cx.endpoint(host, port)?),
            (service, None) => {
                return Err(Fault::plan("no-port", format!("a logon by {service:?} needs a port"))
                    .with_help("give `port`, or `service: console`"));
            }
        };
        let web =
            matches!(place.service, Service::HttpsJson | Service::HttpForm | Service::HttpBasic | Service::HttpDigest);
        let inside =
            matches!(place.service, Service::Mqtt | Service::Ftp | Service::Redis | Service::Rtsp | Service::Vnc);
        let tls = match (place.tls, &endpoint) {
            (Some(tls), _) => tls,
            (None, Some(endpoint)) if web => crate::http::ask::speaks_tls(cx, endpoint).await?,
            (None, Some(endpoint)) if inside => crate::access::takes_tls(cx, endpoint).await?,
            _ => false,
        };
        let path = place.path.clone().unwrap_or_else(|| {
            match place.service {
                Service::HttpsJson => "/api/login",
                Service::HttpForm => "/login",
                _ => "/",
            }
            .to_owned()
        });
        Ok(Self {
            service: place.service,
            endpoint,
            path,
            tls,
            fields: place.fields.clone().unwrap_or_default(),
            user: place.user.clone(),
        })
    }

    fn endpoint(&self) -> Result<&Endpoint, Fault> {
        self.endpoint.as_ref().ok_or_else(|| Fault::plan("no-port", "a logon over the network needs a port"))
    }

    /// The place's own user, else `user`.
    pub(crate) fn user<'a>(&'a self, user: &'a str) -> &'a str {
        self.user.as_deref().unwrap_or(user)
    }

    /// Tries once.
    pub(crate) async fn attempt(&self, cx: &CheckContext, user: &str, password: &str) -> Result<Attempt, Fault> {
        let until = cx.deadline.capped(ATTEMPT);
        match self.service {
            Service::Ssh => ssh::attempt(cx, self.endpoint()?, user, password, until).await,
            Service::HttpsJson => web::json(cx, self, user, password, until).await,
            Service::HttpForm => web::form(cx, self, user, password, until).await,
            Service::HttpBasic => web::basic(cx, self, user, password, until).await,
            Service::HttpDigest => web::digest(cx, self, user, password, until).await,
            Service::Mqtt => mqtt::attempt(cx, self.endpoint()?, self.tls, user, password, until).await,
            Service::Ftp => ftp::attempt(cx, self.endpoint()?, self.tls, user, password, until).await,
            Service::Redis => redis::attempt(cx, self.endpoint()?, self.tls, user, password, until).await,
            Service::Rtsp => rtsp::attempt(cx, self.endpoint()?, self.tls, user, password, until).await,
            Service::Vnc => vnc::attempt(cx, self.endpoint()?, self.tls, password, until).await,
            Service::Telnet => telnet::attempt(cx, self.endpoint()?, user, password, until).await,
            Service::Console => console::attempt(cx, user, password, until).await,
        }
    }
}
