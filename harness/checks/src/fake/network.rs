//! Its network: port scan, UDP, HTTP, SSH; and the maker's documents.

use assay_model::{
    Deadline, Fault, Touch,
    touch::{
        capture::{CaptureRequest, Captured, Captures},
        document::{Document, DocumentRequest, DocumentResponse, Documents, Wanted},
        http::{Http, HttpAnswer, HttpRequest, HttpResponse},
        ports::{Ports, ScanRequest, ScanResponse},
        ssh::{Ssh, SshHello, SshRequest, SshResponse},
        udp::{Datagram, Udp, UdpRequest, UdpResponse},
    },
};
use async_trait::async_trait;
use serde_json::{Value, json};

use super::{
    Dut,
    camera::{Answer, Camera, Kind},
};

#[async_trait]
impl Touch<Ports> for Dut {
    async fn call(&self, request: ScanRequest, _: Deadline) -> Result<ScanResponse, Fault> {
        let camera = self.lock();
        let asked: u32 = request.tcp.iter().map(|(a, b)| u32::from(b - a) + 1).sum();
        let open = camera.open_ports();
        let alive = camera.kind != Kind::Absent;
        let closed = if alive { asked - open.len() as u32 } else { 0 };
        let unasked = if alive { 0 } else { asked };
        Ok(ScanResponse { open, closed, unasked, alive_before: alive, alive_after: alive, ..ScanResponse::default() })
    }
}

/// A CoAP answer to the question of `ports.scan`: one resource.
const COAP_LIST: &[u8] = b"\x60\x45\x12\x34\xc1\x28\xff</led>";

#[async_trait]
impl Touch<Udp> for Dut {
    async fn call(&self, request: UdpRequest, _: Deadline) -> Result<UdpResponse, Fault> {
        let dead = self.lock().dead();
        let answers = !dead && request.endpoint.port() == 5683;
        let replies = answers.then(|| Datagram { from: "dut".into(), bytes: COAP_LIST.into() }).into_iter().collect();
        Ok(UdpResponse { replies, unreachable: !dead && !answers, from_port: 0 })
    }
}

#[async_trait]
impl Touch<Ssh> for Dut {
    async fn call(&self, request: SshRequest, _: Deadline) -> Result<SshResponse, Fault> {
        let mut camera = self.lock();
        match camera.kind {
            Kind::Silent => return Ok(SshResponse::NoAnswer { stage: "banner".into() }),
            Kind::Absent => return Ok(SshResponse::Refused),
            Kind::Good | Kind::Weak => {}
        }
        Ok(match request {
            SshRequest::Hello { .. } => SshResponse::Hello(SshHello {
                banner: "SSH-2.0-fake_1.0".into(),
                host_key_type: "ssh-ed25519".into(),
                host_key_sha256: String::new(),
                agreed: Default::default(),
            }),
            SshRequest::Methods { user, .. } if camera.weak() && user == "guest" => {
                SshResponse::Methods { methods: vec![], none_accepted: true }
            }
            SshRequest::Methods { .. } => {
                SshResponse::Methods { methods: vec!["publickey".into(), "password".into()], none_accepted: false }
            }
            SshRequest::Logon { user, password, .. } => match camera.log_on(&user, &password) {
                Answer::Yes => SshResponse::Accepted { output: "".into(), exit: None },
                Answer::No => SshResponse::Denied { after_ms: 3 },
                Answer::Locked => SshResponse::Dropped { stage: "logon".into() },
            },
        })
    }
}

const FORM: &str = r#"<title>Camera</title><form method="post" action="/login"><input name="user"><input type="password" name="password"></form>"#;

#[async_trait]
impl Touch<Http> for Dut {
    async fn call(&self, request: HttpRequest, _: Deadline) -> Result<HttpResponse, Fault> {
        let mut camera = self.lock();
        let port = request.endpoint.port();
        Ok(match camera.kind {
            Kind::Silent => HttpResponse::NoAnswer { text: "no answer".into() },
            Kind::Absent => HttpResponse::Refused,
            _ if port == 8443 && request.tls => HttpResponse::Answer(camera.web(&request)),
            _ if port == 8080 && !request.tls => {
                HttpResponse::Answer(reply(308, &[("location", "https://dut:8443/")], ""))
            }
            _ => HttpResponse::Malformed { text: "not HTTP".into() },
        })
    }
}

fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> HttpAnswer {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    HttpAnswer { status, headers, body: body.into(), truncated: false, tls: None, duration_ms: 5 }
}

fn json_reply(status: u16, body: &Value) -> HttpAnswer {
    reply(status, &[("content-type", "application/json")], &body.to_string())
}

impl Camera {
    fn web(&mut self, request: &HttpRequest) -> HttpAnswer {
        let body: Value = serde_json::from_slice(&request.body.0).unwrap_or_default();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/") => reply(200, &[], "<title>Camera</title>"),
            ("GET", "/login") => reply(200, &[], FORM),
            ("POST", "/login") => {
                let form = request.body.lossy();
                let field = |n: &str| form.split('&').find_map(|f| f.strip_prefix(n)).unwrap_or_default().to_owned();
                match self.log_on(&field("user="), &field("password=")) {
                    Answer::Yes => reply(303, &[("location", "/"), ("set-cookie", "s=1")], ""),
                    Answer::No => reply(200, &[], FORM),
                    Answer::Locked => reply(429, &[("retry-after", "30")], ""),
                }
            }
            ("GET", "/api/login") => reply(405, &[("allow", "POST")], ""),
            ("POST", "/api/login") if !body["user"].is_string() => {
                json_reply(400, &json!({"error": "user is missing"}))
            }
            ("POST", "/api/login") => match self.log_on(&text("user"), &text("password")) {
                Answer::Yes => json_reply(200, &json!({"token": "t-1"})),
                Answer::No => json_reply(401, &json!({"error": "wrong"})),
                Answer::Locked => reply(429, &[("retry-after", "30")], ""),
            },
            ("GET", "/api/state") => json_reply(200, &json!({"initialised": self.initialised()})),
            ("GET" | "PUT", "/api/settings") if !self.weak() => json_reply(401, &json!({"error": "log on"})),
            ("GET", "/api/settings") => json_reply(200, &json!({"name": self.name})),
            ("PUT", "/api/settings") => {
                self.name = text("name");
                json_reply(200, &json!({}))
            }
            ("POST", "/api/setup") => reply(self.set_up(&text("label_password"), body["password"].as_str()), &[], ""),
            ("POST", "/api/factory-reset") => reply(self.reset(&text("label_password")), &[], ""),
            _ => reply(404, &[], "not found"),
        }
    }
}

#[async_trait]
impl Touch<Documents> for Dut {
    async fn call(&self, request: DocumentRequest, _: Deadline) -> Result<DocumentResponse, Fault> {
        if self.lock().dead() {
            return Ok(DocumentResponse::Absent { text: "no answer".into(), redirects: vec![] });
        }
        let weak = self.lock().weak();
        let image = match request.wanted {
            Wanted::Text | Wanted::Picture => None,
            Wanted::Firmware => Some(crate::firmware::tests::image(weak)),
            Wanted::Capture => Some(crate::capture::tests::pcap(&crate::capture::tests::traffic(weak))),
        };
        let found = image.is_some() || request.source.ends_with("/policy");
        Ok(DocumentResponse::Document(Box::new(Document {
            url: request.source,
            redirects: vec![],
            status: if found { 200 } else { 404 },
            headers: vec![],
            media_type: "text/html".into(),
            bytes: image.map_or_else(|| "x".into(), assay_model::Payload),
            truncated: false,
            text: if found { "Report issues to us" } else { "not found" }.into(),
            markup: String::new(),
            unread: String::new(),
            sha256: "0".repeat(64),
            tls: None,
            tls_verifies: Some(true),
        })))
    }
}

#[async_trait]
impl Touch<Captures> for Dut {
    async fn call(&self, _: CaptureRequest, _: Deadline) -> Result<Captured, Fault> {
        let weak = self.lock().weak();
        let dead = self.lock().dead();
        let mut packets = if dead { Vec::new() } else { crate::capture::tests::traffic(weak) };
        if !dead && !weak {
            packets.push(crate::capture::tests::question());
        }
        let dropped = u64::from(weak);
        let addresses = vec![std::net::IpAddr::from([127, 99, 0, 1])];
        let file = assay_model::Payload(crate::capture::tests::pcapng(&packets, dropped));
        Ok(Captured { source: "fake0".into(), packets: packets.len() as u64, dropped, addresses, file })
    }
}
