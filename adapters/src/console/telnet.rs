//! Telnet's framing (RFC 854): what is data, what is a command, and escaping.

pub(super) const IAC: u8 = 255;
pub(super) const DONT: u8 = 254;
pub(super) const DO: u8 = 253;
pub(super) const WONT: u8 = 252;
pub(super) const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;

/// A subnegotiation longer than this is none; its rest is not kept.
const LONGEST: usize = 256;

/// A command from the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// DO, DONT, WILL or WONT.
    Option {
        /// Which of them.
        verb: u8,
        /// The option.
        option: u8,
    },
    /// A subnegotiation: the option first.
    Sub(Vec<u8>),
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Data,
    Iac,
    Verb(u8),
    Sub,
    SubIac,
}

/// Takes the stream apart; pieces may end anywhere.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    sub: Vec<u8>,
}

impl Decoder {
    /// Appends data to `data` and commands to `commands`.
    pub(super) fn feed(&mut self, bytes: &[u8], data: &mut Vec<u8>, commands: &mut Vec<Command>) {
        for &byte in bytes {
            self.state = match std::mem::take(&mut self.state) {
                State::Data if byte == IAC => State::Iac,
                State::Data => {
                    data.push(byte);
                    State::Data
                }
                State::Iac => match byte {
                    IAC => {
                        data.push(IAC);
                        State::Data
                    }
                    WILL..=DONT => State::Verb(byte),
                    SB => {
                        self.sub.clear();
                        State::Sub
                    }
                    _ => State::Data, // NOP and the like
                },
                State::Verb(verb) => {
                    commands.push(Command::Option { verb, option: byte });
                    State::Data
                }
                State::Sub if byte == IAC => State::SubIac,
                State::Sub => {
                    self.keep(byte);
                    State::Sub
                }
                State::SubIac => match byte {
                    SE => {
                        commands.push(Command::Sub(std::mem::take(&mut self.sub)));
                        State::Data
                    }
                    other => {
                        self.keep(other);
                        State::Sub
                    }
                },
            };
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.sub.len() < LONGEST {
            self.sub.push(byte);
        }
    }
}

/// Data as it goes over the line.
pub(super) fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for &byte in bytes {
        out.push(byte);
        if byte == IAC {
            out.push(IAC);
        }
    }
    out
}

/// A subnegotiation of `option`.
pub(super) fn sub(option: u8, payload: &[u8]) -> Vec<u8> {
    [&[IAC, SB, option][..], &escaped(payload), &[IAC, SE]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_and_commands_are_told_apart_wherever_the_stream_is_cut() {
        let stream = [&b"a\xff\xffb"[..], &[IAC, DO, 44], &sub(44, &[101, 0xff, 1]), &[IAC, 241], b"c"].concat();
        for cut in 0..stream.len() {
            let (mut decoder, mut data, mut commands) = (Decoder::default(), Vec::new(), Vec::new());
            decoder.feed(&stream[..cut], &mut data, &mut commands);
            decoder.feed(&stream[cut..], &mut data, &mut commands);
            assert_eq!(data, b"a\xffbc");
            let option = Command::Option { verb: DO, option: 44 };
            assert_eq!(commands, [option, Command::Sub(vec![44, 101, 0xff, 1])], "cut at {cut}");
        }
    }

    #[test]
    fn an_endless_subnegotiation_is_bounded() {
        let (mut decoder, mut data, mut commands) = (Decoder::default(), Vec::new(), Vec::new());
        decoder.feed(&[IAC, SB], &mut data, &mut commands);
        decoder.feed(&[7; 100_000], &mut data, &mut commands);
        assert!(decoder.sub.len() == LONGEST && data.is_empty());
    }
}
