//! A TFTP client (RFC 1350, RFC 2347 to 2349).

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use crate::Result;
use crate::phone::handset::Handset;

/// How a phone asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner<'a> {
    /// The options of the request, in their order.
    pub(crate) options: &'a [(&'a str, &'a str)],
    pub(crate) tries: usize,
    pub(crate) gap_ms: u64,
    /// The phone's port; 0 for a new one each time.
    pub(crate) port: u16,
    /// Code and words when a file does not fit.
    pub(crate) too_large: (u16, &'a str),
}

/// How a fetch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fetched {
    Whole(Vec<u8>),
    /// The server said no, in its protocol's numbers.
    Refused(u16),
    /// Nobody answers, or not any more.
    Silent,
    /// The phone does not take it.
    TooLarge,
}

impl Fetched {
    /// Whether the file came.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Self::Whole(_))
    }
}

/// As most phones do: no options, a new port each time.
pub(crate) const PLAIN: Manner<'static> = Manner {
    options: &[],
    tries: 4,
    gap_ms: 2_000,
    port: 0,
    too_large: (3, "Disk full or allocation exceeded"),
};

impl Handset {
    /// Reads a file.
    pub(crate) fn reads_by_tftp(
        &mut self,
        server: Ipv4Addr,
        file: &str,
        manner: &Manner<'_>,
    ) -> Result<Fetched> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, manner.port))?;
        socket.set_read_timeout(Some(Duration::from_millis(manner.gap_ms)))?;
        let mut request = vec![0, 1];
        for word in [file, "octet"].into_iter().chain(
            manner
                .options
                .iter()
                .flat_map(|(name, value)| [*name, *value]),
        ) {
            request.extend(word.as_bytes());
            request.push(0);
        }
        let limit = self.orders.flash_bytes.unwrap_or(usize::MAX);
        let mut content = Vec::new();
        let mut next_block = 1_u16;
        let mut block_bytes = 512;
        let mut server = (server, 69);
        let mut message = request;
        let mut tries = 0;
        let mut buffer = vec![0; 65_536];
        loop {
            // A host that is not there lets the send fail, as if nobody answered.
            let _ = socket.send_to(&message, server);
            tries += 1;
            let (bytes, from) = match socket.recv_from(&mut buffer) {
                Ok(got) => got,
                Err(_) if tries < manner.tries => continue,
                Err(_) => return Ok(Fetched::Silent),
            };
            let Some(answer) = buffer.get(..bytes) else {
                continue;
            };
            let std::net::IpAddr::V4(address) = from.ip() else {
                continue;
            };
            server = (address, from.port());
            let refuse = |code: u16, words: &str| {
                let error = [&[0, 5], &code.to_be_bytes()[..], words.as_bytes(), &[0]].concat();
                socket.send_to(&error, from)
            };
            match answer {
                [0, 6, options @ ..] => {
                    let words: Vec<String> = options
                        .split(|byte| *byte == 0)
                        .map(|word| String::from_utf8_lossy(word).to_lowercase())
                        .collect();
                    for pair in words.chunks(2) {
                        match pair {
                            [name, value] if name == "blksize" => block_bytes = value.parse()?,
                            [name, value] if name == "tsize" && value.parse::<usize>()? > limit => {
                                refuse(manner.too_large.0, manner.too_large.1)?;
                                return Ok(Fetched::TooLarge);
                            }
                            _ => {}
                        }
                    }
                    message = vec![0, 4, 0, 0];
                }
                [0, 3, high, low, data @ ..] => {
                    let block = u16::from_be_bytes([*high, *low]);
                    message = vec![0, 4, *high, *low];
                    if block == next_block {
                        content.extend_from_slice(data);
                        next_block = next_block.wrapping_add(1);
                        tries = 0;
                        if content.len() > limit {
                            refuse(manner.too_large.0, manner.too_large.1)?;
                            return Ok(Fetched::TooLarge);
                        }
                        if data.len() < block_bytes {
                            socket.send_to(&message, server)?;
                            return Ok(Fetched::Whole(content));
                        }
                    }
                }
                [0, 5, high, low, ..] => {
                    return Ok(Fetched::Refused(u16::from_be_bytes([*high, *low])));
                }
                _ => {}
            }
        }
    }
}
