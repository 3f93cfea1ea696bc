//! Delivered files that name others, for the tests of rules.

use phoneboot_parsers::Protocol;
use phoneboot_parsers::manifest::{self, Kind, Manifest, What};

use crate::session::testing::BootBuilder;
use crate::session::transfer::Status;

/// A load list is delivered.
pub(super) fn load_list(boot: BootBuilder, name: &str, files: &[&str]) -> BootBuilder {
    delivered(boot, Protocol::Tftp, name, files.join("\r\n").as_bytes())
}

/// A configuration that names a load is delivered.
pub(super) fn configuration(boot: BootBuilder, name: &str, load: &str) -> BootBuilder {
    let text = format!("<device><loadInformation>{load}</loadInformation></device>");
    let boot = delivered(boot, Protocol::Tftp, name, text.as_bytes());
    boot.with(|boot, _| {
        let manifest = boot.transfers[0].manifest.as_ref().unwrap();
        assert_eq!(manifest.names(What::Load).count(), 1);
    })
}

/// A web page is delivered by HTTP.
pub(super) fn web_page(boot: BootBuilder, target: &str) -> BootBuilder {
    delivered(
        boot,
        Protocol::Http,
        target,
        b"<!DOCTYPE html><html></html>",
    )
}

/// A signed file is delivered.
pub(super) fn signed(boot: BootBuilder, name: &str, signed_for: &str) -> BootBuilder {
    let manifest = Manifest {
        kind: Kind::SignedImage,
        signed_for: Some(signed_for.into()),
        files: Vec::new(),
        servers: Vec::new(),
        protocol: None,
    };
    boot.transfer(Protocol::Tftp, name, Status::Complete, |transfer| {
        transfer.manifest = Some(Box::new(manifest));
    })
}

fn delivered(boot: BootBuilder, protocol: Protocol, name: &str, bytes: &[u8]) -> BootBuilder {
    boot.transfer(protocol, name, Status::Complete, |transfer| {
        transfer.manifest = Some(Box::new(manifest::read(bytes).unwrap()));
    })
}
