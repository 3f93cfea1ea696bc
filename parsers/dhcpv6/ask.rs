//! What callers ask a [`Message`] for.

use std::net::Ipv6Addr;

use crate::dhcpv6::Message;
use crate::dhcpv6::duid::Duid;
use crate::dhcpv6::options::{self, LeasedAddress, Status, Value, VendorOptions};
use crate::{MacAddress, WireText};

const CLIENT_ID: u16 = 1;
const SERVER_ID: u16 = 2;
const WANTED_OPTIONS: u16 = 6;
const ELAPSED_TIME: u16 = 8;
const STATUS: u16 = 13;
const VENDOR_CLASS: u16 = 16;
const VENDOR_OPTIONS: u16 = 17;
const CLIENT_LINK_LAYER: u16 = 79;

impl Message {
    /// The first option with this code; `None` when absent.
    pub fn option(&self, code: u16) -> Option<&[u8]> {
        self.all(code).next()
    }

    /// The values of every option with this code, in wire order.
    pub fn all(&self, code: u16) -> impl Iterator<Item = &[u8]> {
        self.options
            .iter()
            .filter(move |option| option.code == code)
            .map(|option| option.bytes.as_slice())
    }

    /// What the first option with this code says; `None` when absent.
    pub fn value(&self, code: u16) -> Option<Value> {
        self.option(code).map(|bytes| options::value(code, bytes).0)
    }

    /// A text option, NULs at its end removed.
    pub fn text(&self, code: u16) -> Option<WireText> {
        self.option(code).map(WireText::without_trailing_nuls)
    }

    /// An option that holds addresses. `None` when absent or when it holds none.
    pub fn addresses(&self, code: u16) -> Option<Vec<Ipv6Addr>> {
        match self.value(code)? {
            Value::Addresses(addresses) => Some(addresses),
            _ => None,
        }
    }

    /// Who the client says it is; `None` when it may stay unknown, as in an
    /// INFORMATION-REQUEST.
    pub fn client_id(&self) -> Option<Duid> {
        self.option(CLIENT_ID).map(Duid::of)
    }

    /// Which server speaks, or is spoken to.
    pub fn server_id(&self) -> Option<Duid> {
        self.option(SERVER_ID).map(Duid::of)
    }

    /// The options that the client asks for, in its order.
    pub fn wanted_options(&self) -> Vec<u16> {
        match self.value(WANTED_OPTIONS) {
            Some(Value::Codes(codes)) => codes,
            _ => Vec::new(),
        }
    }

    /// How long the client has been trying, in hundredths of a second; `None` when it
    /// does not say.
    pub fn elapsed_hundredths(&self) -> Option<u16> {
        let bytes: [u8; 2] = self.option(ELAPSED_TIME)?.try_into().ok()?;
        Some(u16::from_be_bytes(bytes))
    }

    /// Every address in an identity association, with what else stands about it.
    pub fn leased_addresses(&self) -> Vec<LeasedAddress> {
        self.associations()
            .flat_map(|association| association.options)
            .filter_map(|option| match option.value {
                Value::Address(address) => Some(address),
                _ => None,
            })
            .collect()
    }

    /// Every status in the message, that of the whole first, then those of its
    /// identity associations and addresses.
    pub fn statuses(&self) -> Vec<Status> {
        let whole = self.value(STATUS).and_then(Value::into_status);
        let within = self.associations().flat_map(|association| {
            association
                .options
                .into_iter()
                .flat_map(|option| match option.value {
                    Value::Address(address) => address.options,
                    Value::Prefix(prefix) => prefix.options,
                    _ => vec![option],
                })
        });
        whole
            .into_iter()
            .chain(within.filter_map(|option| option.value.into_status()))
            .collect()
    }

    fn associations(&self) -> impl Iterator<Item = options::Association> {
        self.options
            .iter()
            .filter_map(|option| match option.value() {
                Value::Association(association) => Some(association),
                _ => None,
            })
    }

    /// What the vendor options (17) of every enterprise say.
    pub fn vendor_options(&self) -> Vec<VendorOptions> {
        self.all(VENDOR_OPTIONS)
            .filter_map(|bytes| match options::value(VENDOR_OPTIONS, bytes).0 {
                Value::VendorOptions(found) => Some(found),
                _ => None,
            })
            .collect()
    }

    /// The vendor classes (16), each as its sender wrote it.
    pub fn vendor_classes(&self) -> Vec<WireText> {
        self.all(VENDOR_CLASS)
            .filter_map(|bytes| match options::value(VENDOR_CLASS, bytes).0 {
                Value::VendorClass { classes, .. } => Some(classes),
                _ => None,
            })
            .flatten()
            .collect()
    }

    /// The client's MAC address as the relay agent beside it saw it (option 79,
    /// RFC 6939); `None` without one.
    pub fn relayed_client_mac(&self) -> Option<MacAddress> {
        let nearest = self.relays.last()?;
        let option = nearest
            .options
            .iter()
            .find(|option| option.code == CLIENT_LINK_LAYER)?;
        match option.value() {
            Value::LinkLayer {
                hardware_type: 1,
                address,
            } => <[u8; 6]>::try_from(address).ok().map(MacAddress),
            _ => None,
        }
    }

    /// The client's own address as the relay agent beside it saw it; `None` on the
    /// client's link.
    pub fn relayed_client_address(&self) -> Option<Ipv6Addr> {
        self.relays.last().map(|relay| relay.peer_address)
    }
}
