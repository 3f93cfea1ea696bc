//! A provisioning site: where a phone's files are, by HTTP, HTTPS or TFTP.

use std::net::Ipv4Addr;

use crate::Result;
use crate::phone::handset::Handset;
use crate::phone::http::{Request, Url};
use crate::phone::tftp::{Fetched, Manner, PLAIN};

/// What DHCP named, and who that is.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) url: Url,
    pub(crate) address: Ipv4Addr,
    pub(crate) user_agent: String,
}

impl Handset {
    /// Reads the first of these options that the lease has. A name is asked for three
    /// times, as phones do that have nothing else to try.
    pub(crate) fn finds_site(
        &mut self,
        options: &[u8],
        default_scheme: &str,
        user_agent: String,
    ) -> Result<Option<Site>> {
        let Some(text) = options.iter().find_map(|code| self.lease.text(*code)) else {
            return Ok(None);
        };
        let url = Url::read(&text, default_scheme);
        for _ in 0..3 {
            if let Some(address) = self.resolves(&url.host)? {
                return Ok(Some(Site {
                    url,
                    address,
                    user_agent,
                }));
            }
            self.waits_ms(2_000);
        }
        Ok(None)
    }

    /// Reads a file of the site.
    pub(crate) fn fetches(&mut self, site: &Site, file: &str) -> Result<Fetched> {
        self.fetches_by(site, file, &PLAIN)
    }

    /// The same, with this manner where it goes by TFTP.
    pub(crate) fn fetches_by(
        &mut self,
        site: &Site,
        file: &str,
        manner: &Manner<'_>,
    ) -> Result<Fetched> {
        self.waits_ms(40);
        if site.url.scheme == "tftp" {
            let path = format!("{}{file}", site.url.folder.trim_start_matches('/'));
            return self.reads_by_tftp(site.address, &path, manner);
        }
        let request = Request::get(&site.url, file, &site.user_agent);
        self.asks_by_http(site.address, &request)
    }

    /// Reads the header of an image, which is the one that the phone has.
    pub(crate) fn looks_into(&mut self, site: &Site, file: &str) -> Result<Fetched> {
        self.waits_ms(40);
        let request = Request {
            at_most_bytes: 2_920,
            ..Request::get(&site.url, file, &site.user_agent)
        };
        self.asks_by_http(site.address, &request)
    }

    /// Writes a log.
    pub(crate) fn uploads(&mut self, site: &Site, file: &str, body: &[u8]) -> Result<Fetched> {
        self.waits_ms(40);
        let request = Request {
            body: Some(body),
            ..Request::get(&site.url, file, &site.user_agent)
        };
        self.asks_by_http(site.address, &request)
    }

    /// Tries again after a pause, as a phone without a configuration does: `attempt`
    /// says whether it has come up.
    pub(crate) fn keeps_trying(
        &mut self,
        times: usize,
        gap_ms: u64,
        mut attempt: impl FnMut(&mut Self) -> Result<bool>,
    ) -> Result<bool> {
        for round in 0..times {
            if round > 0 {
                self.waits_ms(gap_ms);
            }
            if attempt(self)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
