//! Its terminals: console and telnet.

use assay_model::{
    Deadline, Fault, Touch,
    touch::{
        console::{Console, ConsoleRequest, ConsoleResponse},
        tcp::{ReadEnd, Tcp, TcpRequest, TcpResponse},
    },
};
use async_trait::async_trait;

use super::{
    Dut,
    camera::{Kind, Terminal},
};

impl Terminal {
    /// Takes a line, as `getty` and `login` do.
    fn take(&mut self, line: &str, right: &[(&str, &str)]) {
        let answer: String = match self.user.take() {
            _ if self.shell && line == "exit" => {
                self.shell = false;
                "\r\ncam login: ".into()
            }
            _ if self.shell && line.ends_with("assay-$?") => format!("{line}\r\nassay-0\r\n# "),
            _ if self.shell && line.ends_with("assay-$((6*7))") => format!("{line}\r\nassay-42\r\n# "),
            _ if self.shell && line == "id" => "id\r\nuid=0(root) gid=0(root)\r\n# ".into(),
            _ if self.shell => "\r\n# ".into(),
            None if line.is_empty() => "\r\ncam login: ".into(),
            None => {
                self.user = Some(line.to_owned());
                "\r\nPassword: ".into()
            }
            Some(user) if right.contains(&(user.as_str(), line)) => {
                self.shell = true;
                "\r\nLast login: Tue\r\n# ".into()
            }
            Some(_) => "\r\nLogin incorrect\r\ncam login: ".into(),
        };
        self.out.push_str(&answer);
    }
}

#[async_trait]
impl Touch<Console> for Dut {
    async fn call(&self, request: ConsoleRequest, _: Deadline) -> Result<ConsoleResponse, Fault> {
        let mut camera = self.lock();
        if camera.dead() {
            return Ok(match request {
                ConsoleRequest::Quiet { .. } | ConsoleRequest::Expect { .. } => {
                    ConsoleResponse::Text { bytes: "".into(), total: 0 }
                }
                _ => ConsoleResponse::Done,
            });
        }
        let password = if camera.weak() { "service" } else { "label-s1" };
        Ok(match request {
            ConsoleRequest::Write { bytes } => {
                let line = bytes.lossy();
                if std::mem::take(&mut camera.broken) && line == "h" && camera.weak() {
                    camera.console.out.push_str("sysrq: HELP : loglevel(0-9) reboot(b) crash(c)\r\n");
                } else if !camera.loader_takes(&line) {
                    camera.console.take(line.trim_end(), &[("service", password)]);
                }
                ConsoleResponse::Done
            }
            ConsoleRequest::Quiet { .. } => {
                let total = camera.console.out.len() as u64;
                ConsoleResponse::Text { bytes: camera.console.out.as_str().into(), total }
            }
            ConsoleRequest::Expect { patterns, within_ms } => camera.expect(&patterns, within_ms),
            ConsoleRequest::Forget => {
                camera.console.out.clear();
                ConsoleResponse::Done
            }
            ConsoleRequest::Break { .. } => {
                camera.broken = true;
                ConsoleResponse::Done
            }
            ConsoleRequest::Lines { .. } => ConsoleResponse::Unsupported,
        })
    }
}

#[async_trait]
impl Touch<Tcp> for Dut {
    async fn call(&self, request: TcpRequest, _: Deadline) -> Result<TcpResponse, Fault> {
        let (kind, open) = {
            let camera = self.lock();
            (camera.kind, camera.open_ports())
        };
        let data = |bytes: &[u8]| TcpResponse::Data { bytes: bytes.into(), end: ReadEnd::Idle };
        let at = |port: u16| open.contains(&port) || (kind == Kind::Silent && port == 2323);
        Ok(match request {
            _ if kind == Kind::Absent => TcpResponse::NoAnswer { text: "no route to host".into() },
            TcpRequest::Open { .. } if std::mem::take(&mut self.lock().just_on) => TcpResponse::Refused,
            TcpRequest::Open { endpoint } if at(endpoint.port()) => TcpResponse::Opened { connection: self.telnet() },
            TcpRequest::Ask { endpoint, send, .. } if at(endpoint.port()) => match endpoint.port() {
                2222 if kind != Kind::Silent => data(b"SSH-2.0-fake_1.0\r\n"),
                2323 if kind != Kind::Silent => data(b"\xff\xfd\x01\xff\xfb\x03\r\ncam login: "),
                // Any hello of TLS is refused here by an alert; real handshakes are HTTP's.
                8443 if kind != Kind::Silent && send.as_slice().first() == Some(&22) => data(&[21, 3, 3, 0, 2, 2, 40]),
                _ => data(b""),
            },
            TcpRequest::Open { .. }
            | TcpRequest::OpenTls { .. }
            | TcpRequest::StartTls { .. }
            | TcpRequest::Ask { .. } => TcpResponse::Refused,
            TcpRequest::Send { connection, bytes } => {
                let line = bytes.lossy();
                if let Some(terminal) = self.lock().telnet.get_mut(connection as usize - 1) {
                    terminal.take(line.trim_end(), &[("root", "root")]);
                }
                TcpResponse::Done
            }
            TcpRequest::Read { connection, .. } => {
                let out = self.lock().telnet.get_mut(connection as usize - 1).map(|t| std::mem::take(&mut t.out));
                data(if kind == Kind::Silent { b"" } else { out.as_deref().unwrap_or_default().as_bytes() })
            }
            TcpRequest::Close { .. } => TcpResponse::Done,
        })
    }
}
