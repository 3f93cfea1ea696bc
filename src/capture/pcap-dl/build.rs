//! Gives the linker an empty `libpcap.a`, so that the `-lpcap` which the `pcap`
//! crate asks for is found on a machine without libpcap; the functions
//! themselves are in `lib.rs`.

use std::path::PathBuf;
use std::{env, fs, io};

/// An archive (`ar`) without members.
const EMPTY_ARCHIVE: &[u8] = b"!<arch>\n";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(runtime_libpcap)");
    let linux = env::var_os("CARGO_CFG_TARGET_OS").is_some_and(|os| os == "linux");
    if !linux || env::var_os("CARGO_FEATURE_LINK").is_some() {
        // The variable that tells the `pcap` crate where libpcap is.
        println!("cargo::rerun-if-env-changed=LIBPCAP_LIBDIR");
        if let Ok(folder) = env::var("LIBPCAP_LIBDIR") {
            println!("cargo::rustc-link-search=native={folder}");
        }
        return Ok(());
    }
    let folder = env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(folder.join("libpcap.a"), EMPTY_ARCHIVE)?;
    println!("cargo::rustc-cfg=runtime_libpcap");
    println!("cargo::rustc-link-search=native={}", folder.display());
    Ok(())
}
