//! May a client renegotiate in TLS 1.2? No library does it any more, so this is a handshake of our own: ECDHE, one AEAD
//! suite, nothing verified. The primitives are those of rustls' provider. Needs RFC 5246, 5746, 7627.
//!
//! The answer to the second hello is read from the record's type alone: a handshake record goes on, an alert refuses.

use assay_model::Fault;
use assay_model::touch::tcp::{Connection, ReadEnd, TcpRequest};
use rustls::crypto::cipher::{AeadKey, MessageEncrypter, OutboundChunks, OutboundPlainMessage};
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::{ContentType, ProtocolVersion, SupportedCipherSuite, Tls12CipherSuite};

use super::flight::{Cursor, handshake_messages, records};
use super::hello::{ClientHello, RANDOM, length24};
use super::names::{Version, extension};
use super::probe::Prober;
use super::session::read;

/// Bytes of one answer, at most.
const MOST: usize = 512 * 1024;

/// Asks once. `suites` are the names that the server accepts at TLS 1.2. `None` where it could not be asked.
///
/// # Errors
/// The lab failed, or the whole check's deadline passed.
pub(crate) async fn renegotiates(
    prober: &Prober<'_>,
    name: Option<&str>,
    suites: &[&str],
) -> Result<Option<bool>, Fault> {
    let provider = aws_lc_rs::default_provider();
    let Some(suite) = usable(&provider, suites) else { return Ok(None) };
    let Ok(connection) = prober.open().await? else { return Ok(None) };
    let wire = Wire { prober, connection };
    let answer = wire.both_handshakes(&provider, suite, name).await;
    prober.close(connection).await;
    answer
}

/// A suite that both sides have and whose keys have the full length, which is all that rustls lets others make.
fn usable(provider: &CryptoProvider, names: &[&str]) -> Option<&'static Tls12CipherSuite> {
    provider.cipher_suites.iter().find_map(|suite| match suite {
        SupportedCipherSuite::Tls12(suite) => {
            let name = super::suites::name(suite.common.suite.into());
            let whole = suite.aead_alg.key_block_shape().enc_key_len == 32;
            (whole && name.contains("_ECDHE_") && names.contains(&name.as_str())).then_some(*suite)
        }
        SupportedCipherSuite::Tls13(_) => None,
    })
}

/// What the server's first flight gives to the key exchange.
struct Offer<'a> {
    random: &'a [u8],
    extended: bool,
    group: u16,
    public: &'a [u8],
    asks: bool,
}

struct Wire<'a> {
    prober: &'a Prober<'a>,
    connection: Connection,
}

impl Wire<'_> {
    async fn both_handshakes(
        &self,
        provider: &CryptoProvider,
        suite: &'static Tls12CipherSuite,
        name: Option<&str>,
    ) -> Result<Option<bool>, Fault> {
        let numbers = [u16::from(suite.common.suite)];
        let groups: Vec<u16> = provider.kx_groups.iter().map(|g| u16::from(g.name())).filter(|g| *g < 0x0100).collect();
        let first = ClientHello { groups: &groups, ..ClientHello::new(Version::Tls12, &numbers, name) };
        let hello = first.to_bytes();
        self.send(hello.clone()).await?;
        let Some(flight) = self.until(whole_flight).await? else { return Ok(None) };
        let mut transcript = hello.get(5..).unwrap_or_default().to_vec();
        transcript.extend_from_slice(&flight);
        let Some(offer) = offer(&flight) else { return Ok(None) };
        let Some(group) = provider.kx_groups.iter().find(|g| u16::from(g.name()) == offer.group) else {
            return Ok(None);
        };
        let Some(mut keys) = Keys::agree(suite, *group, &offer, &mut transcript) else { return Ok(None) };
        let Some(finished) = keys.seal(&message(20, &keys.finished)) else { return Ok(None) };
        let out = [record(22, &keys.messages), record(20, &[1]), finished].concat();
        self.send(out).await?;
        if self.until(server_finished).await?.is_none() {
            return Ok(None);
        }
        let again = ClientHello { renegotiated: &keys.finished, ..first };
        let again = again.to_bytes();
        let Some(sealed) = keys.seal(again.get(5..).unwrap_or_default()) else { return Ok(None) };
        self.send(sealed).await?;
        Ok(Some(self.until(next_record).await? == Some(true)))
    }

    async fn send(&self, bytes: Vec<u8>) -> Result<(), Fault> {
        let send = TcpRequest::Send { connection: self.connection, bytes: bytes.into() };
        let until = self.prober.deadline.capped(self.prober.silence);
        self.prober.tcp.call(send, until).await.map(|_| ())
    }

    /// Reads until `enough` finds what it looks for. `None`: it said that it never will, or nothing more came.
    async fn until<T>(&self, enough: impl Fn(&[u8]) -> Sought<T>) -> Result<Option<T>, Fault> {
        let mut stream = Vec::new();
        loop {
            let (bytes, end) = read(self.prober, self.connection, self.prober.silence).await?;
            stream.extend_from_slice(&bytes);
            match enough(&stream) {
                Sought::Found(it) => return Ok(Some(it)),
                Sought::Never => return Ok(None),
                Sought::NotYet if end != ReadEnd::Enough || stream.len() > MOST => return Ok(None),
                Sought::NotYet => {}
            }
        }
    }
}

enum Sought<T> {
    Found(T),
    NotYet,
    Never,
}

/// The handshake bytes up to ServerHelloDone.
fn whole_flight(stream: &[u8]) -> Sought<Vec<u8>> {
    match records(stream) {
        Ok((_, alerts)) if alerts.fatal.is_some() => Sought::Never,
        Ok((messages, _)) if handshake_messages(&messages).any(|(kind, _)| kind == 14) => Sought::Found(messages),
        Ok(_) => Sought::NotYet,
        _ => Sought::Never,
    }
}

/// The record types in a stream; a record that is not whole ends them.
fn record_types(stream: &[u8]) -> impl Iterator<Item = u8> {
    let mut at = Cursor(stream);
    std::iter::from_fn(move || {
        let kind = at.byte()?;
        at.u16()?;
        let length = at.u16()?;
        at.take(usize::from(length)).map(|_| kind)
    })
}

/// ChangeCipherSpec and one encrypted handshake record: the server's Finished.
fn server_finished(stream: &[u8]) -> Sought<()> {
    let types: Vec<u8> = record_types(stream).collect();
    match types.iter().position(|t| *t == 20) {
        Some(at) if types.get(at + 1) == Some(&22) => Sought::Found(()),
        _ if types.contains(&21) => Sought::Never,
        _ => Sought::NotYet,
    }
}

/// Whether the handshake goes on; application data in between says nothing.
fn next_record(stream: &[u8]) -> Sought<bool> {
    record_types(stream).find(|t| *t != 23).map_or(Sought::NotYet, |kind| Sought::Found(kind == 22))
}

fn offer(flight: &[u8]) -> Option<Offer<'_>> {
    let body = |wanted| handshake_messages(flight).find(|(kind, _)| *kind == wanted).map(|(_, body)| body);
    let mut exchange = Cursor(body(12)?);
    if exchange.byte()? != 3 {
        return None;
    }
    let group = exchange.u16()?;
    let length = exchange.byte()?;
    let public = exchange.take(length.into())?;
    let mut hello = Cursor(body(2)?);
    hello.u16()?;
    let random = hello.take(32)?;
    let session = hello.byte()?;
    hello.take(usize::from(session) + 3)?;
    let mut extended = false;
    if hello.u16().is_some() {
        while let (Some(kind), Some(length)) = (hello.u16(), hello.u16()) {
            hello.take(length.into())?;
            extended |= kind == extension::EXTENDED_MASTER_SECRET;
        }
    }
    Some(Offer { random, extended, group, public, asks: body(13).is_some() })
}

/// The client's half of the connection after the key exchange.
struct Keys {
    /// ClientKeyExchange, and an empty Certificate where one was asked for.
    messages: Vec<u8>,
    /// The client's verify_data.
    finished: Vec<u8>,
    encrypter: Box<dyn MessageEncrypter>,
    sequence: u64,
}

impl Keys {
    fn agree(
        suite: &'static Tls12CipherSuite,
        group: &dyn SupportedKxGroup,
        offer: &Offer<'_>,
        transcript: &mut Vec<u8>,
    ) -> Option<Self> {
        let exchange = group.start().ok()?;
        let public = exchange.pub_key();
        let length = u8::try_from(public.len()).ok()?;
        let mut messages = if offer.asks { message(11, &[0, 0, 0]) } else { Vec::new() };
        messages.extend(message(16, &[&[length], public].concat()));
        transcript.extend_from_slice(&messages);
        let hash = suite.common.hash_provider.hash(transcript);
        let randoms = [RANDOM.as_slice(), offer.random].concat();
        let (label, seed): (&[u8], &[u8]) =
            if offer.extended { (b"extended master secret", hash.as_ref()) } else { (b"master secret", &randoms) };
        let mut master = [0; 48];
        suite.prf_provider.for_key_exchange(&mut master, exchange, offer.public, label, seed).ok()?;

        let shape = suite.aead_alg.key_block_shape();
        let (key, iv, extra) = (shape.enc_key_len, shape.fixed_iv_len, shape.explicit_nonce_len);
        let mut block = vec![0; 2 * key + 2 * iv + extra];
        let seed = [offer.random, RANDOM.as_slice()].concat();
        suite.prf_provider.for_secret(&mut block, &master, b"key expansion", &seed);
        let mine: [u8; 32] = block.get(..key)?.try_into().ok()?;
        let (nonce, rest) = block.get(2 * key..)?.split_at_checked(iv)?;
        let encrypter = suite.aead_alg.encrypter(AeadKey::from(mine), nonce, rest.get(iv..)?);

        let mut finished = vec![0; 12];
        suite.prf_provider.for_secret(&mut finished, &master, b"client finished", hash.as_ref());
        Some(Self { messages, finished, encrypter, sequence: 0 })
    }

    /// One encrypted handshake record.
    fn seal(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let plain = OutboundPlainMessage {
            typ: ContentType::Handshake,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::Single(message),
        };
        let sealed = self.encrypter.encrypt(plain, self.sequence).ok()?;
        self.sequence += 1;
        Some(sealed.encode())
    }
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &length24(body.len())[..], body].concat()
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(0).to_be_bytes();
    [&[kind, 3, 3], &length[..], body].concat()
}
