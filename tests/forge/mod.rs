//! The forge: makes captures of booting phones, frame by frame, out of recipes.
//!
//! A [`scene::Scene`] is a wire with a clock. Its methods put on it what hosts
//! say to each other, and the clock goes on by itself as it would in a real
//! network: microseconds within a TCP burst, milliseconds until a phone has
//! thought, seconds where a recipe says `wait_secs`.
//!
//! ```text
//! let (phone, server) = (cisco_phone("7961", …), tftp_server());
//! let mut scene = Scene::new();
//! scene.dhcp_lease(&phone, &router, &lease);
//! scene.arp(&phone, &server);
//! scene.tftp_read(&phone, &server, "CTLSEP001BD5853661.tlv").missing();
//! scene.tftp_read(&phone, &server, "SEP001BD5853661.cnf.xml").served(&config);
//! scene.sccp(&phone, &call_server).registers(device::CP_7961);
//! ```
//!
//! [`write`] turns the frames into files: any pcap or pcapng shape, any of the
//! link types that we read, compressed or not. [`recipes`] are the captures of
//! the repository; `PHONEBOOT_BLESS=1 cargo test` writes them anew.

pub(crate) mod cdp;
pub(crate) mod dhcp;
pub(crate) mod dhcpv6;
pub(crate) mod dns;
pub(crate) mod eapol;
pub(crate) mod firmware;
pub(crate) mod ftp;
pub(crate) mod http;
pub(crate) mod ipv6;
pub(crate) mod lldp;
pub(crate) mod ntp;
pub(crate) mod recipes;
pub(crate) mod sccp;
pub(crate) mod scene;
pub(crate) mod sip;
pub(crate) mod stp;
pub(crate) mod tcp;
pub(crate) mod tftp;
pub(crate) mod tls;
pub(crate) mod write;
