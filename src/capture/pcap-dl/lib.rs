//! Finds libpcap at run time, so that building needs no system package.
//!
//! The `pcap` crate links to libpcap, which has two costs: nothing links on a
//! machine without libpcap's development package, and the program does not even
//! start where libpcap itself is absent. This crate stands between the two. It
//! defines every function of libpcap that `pcap` 2.5 declares, and each of them
//! hands its arguments to the real one, looked up in the shared library when it is
//! first called. Without the library they fail as libpcap would, with a message.
//!
//! A program must name something of this crate, or the linker leaves it out:
//! call [`libpcap_version`] before anything of `pcap`.
//!
//! On systems other than Linux, and with the feature `link`, this crate is only
//! [`libpcap_version`], and libpcap is linked in the ordinary way.
//!
//! Reference: the manual pages of libpcap, section 3PCAP, for the signatures.

#[cfg(not(runtime_libpcap))]
mod linked {
    use std::ffi::{CStr, c_char};

    #[cfg_attr(windows, link(name = "wpcap"))]
    #[cfg_attr(not(windows), link(name = "pcap"))]
    unsafe extern "C" {
        fn pcap_lib_version() -> *const c_char;
    }

    pub(crate) fn version() -> String {
        // SAFETY: takes nothing, may be called at any time.
        let text = unsafe { pcap_lib_version() };
        // SAFETY: libpcap returns a string of its own that ends with NUL and lives
        // as long as the program.
        let text = unsafe { CStr::from_ptr(text) };
        text.to_string_lossy().into_owned()
    }
}

#[cfg(runtime_libpcap)]
mod loaded;

/// The version of libpcap in its own words, such as
/// `libpcap version 1.10.3 (with TPACKET_V3)`; an error that says what was looked
/// for when there is none.
pub fn libpcap_version() -> Result<String, String> {
    #[cfg(runtime_libpcap)]
    return loaded::version();
    #[cfg(not(runtime_libpcap))]
    return Ok(linked::version());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_version_or_what_is_missing() {
        match libpcap_version() {
            Ok(version) => assert!(version.contains("version"), "{version}"),
            Err(reason) => assert!(reason.starts_with("libpcap is not installed: "), "{reason}"),
        }
    }
}
