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
    /// Reads the first of these options that the lease has.
    pub(crate) fn finds_site(
        &mut self,
        options: &[u8],
        default_scheme: &str,
        user_agent: String,
    ) -> Result<Option<Site>> {
        let Some(text) = options.iter().find_map(|code| self.lease.text(*code)) else {
            self.keeps_trying(|_| Ok(false))?;
            return Ok(None);
        };
        let url = Url::read(&text, default_scheme);
        let mut found = None;
        self.keeps_trying(|phone| {
            found = phone.resolves(&url.host)?;
            Ok(found.is_some())
        })?;
        Ok(found.map(|address| Site {
            url,
            address,
            user_agent,
        }))
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
}
