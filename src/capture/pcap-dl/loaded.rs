//! The functions of libpcap, each of which calls the one in the shared library.
//!
//! Their types are libpcap's at the level of the C calling convention: every
//! pointer to something of libpcap, and every callback, is a `*mut c_void` that is
//! passed on untouched.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::sync::OnceLock;

/// Where libpcap is: Debian's name, everybody else's, and the development
/// package's.
const LIBRARY_NAMES: [&CStr; 3] = [c"libpcap.so.0.8", c"libpcap.so.1", c"libpcap.so"];

/// Size of every error buffer that callers of libpcap provide, in bytes.
const PCAP_ERRBUF_SIZE: usize = 256;

/// `PCAP_ERROR`: what libpcap's functions return when they fail.
const PCAP_ERROR: c_int = -1;

pub(crate) fn version() -> Result<String, String> {
    library()?;
    let function = symbol(c"pcap_lib_version")
        .ok_or("libpcap is too old: it does not tell its version")?
        as *const c_void;
    // SAFETY: the type is that of pcap_lib_version(3PCAP).
    let function = unsafe {
        std::mem::transmute::<*const c_void, unsafe extern "C" fn() -> *const c_char>(function)
    };
    // SAFETY: takes nothing, may be called at any time.
    let text = unsafe { function() };
    // SAFETY: libpcap returns a string of its own that ends with NUL and lives as
    // long as the library, which is never unloaded.
    let text = unsafe { CStr::from_ptr(text) };
    Ok(text.to_string_lossy().into_owned())
}

/// The handle of the library as a number, so that it can be shared among threads.
fn library() -> Result<usize, String> {
    static LIBRARY: OnceLock<Result<usize, String>> = OnceLock::new();
    LIBRARY.get_or_init(load).clone()
}

fn load() -> Result<usize, String> {
    let mut first_reason = None;
    for name in LIBRARY_NAMES {
        // SAFETY: the name ends with NUL; libpcap's initializers do nothing that
        // could disturb a Rust program.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if !handle.is_null() {
            return Ok(handle as usize);
        }
        first_reason = first_reason.or_else(last_error);
    }
    let [debian, usual, development] = LIBRARY_NAMES.map(CStr::to_string_lossy);
    Err(format!(
        "libpcap is not installed: none of {debian}, {usual} and {development} can be loaded ({})",
        first_reason.as_deref().unwrap_or("no reason given")
    ))
}

fn last_error() -> Option<String> {
    // SAFETY: takes nothing; the string belongs to this thread.
    let reason = unsafe { libc::dlerror() };
    if reason.is_null() {
        return None;
    }
    // SAFETY: not null, ends with NUL, and valid until this thread's next call.
    let reason = unsafe { CStr::from_ptr(reason) };
    Some(reason.to_string_lossy().into_owned())
}

/// A function of the library by its name, as a number; `None` when there is no
/// library or it is older than the function.
fn symbol(name: &CStr) -> Option<usize> {
    let library = library().ok()? as *mut c_void;
    // SAFETY: the handle is one that dlopen gave and that is never closed; the
    // name ends with NUL.
    let address = unsafe { libc::dlsym(library, name.as_ptr()) };
    (!address.is_null()).then_some(address as usize)
}

/// What to say where libpcap has no word of its own.
fn why_missing(function: &str) -> String {
    library()
        .err()
        .unwrap_or_else(|| format!("this libpcap is too old: it has no function {function}"))
}

/// Writes why `function` is missing into a caller's error buffer.
///
/// # Safety
///
/// `buffer` must be null or have room for `PCAP_ERRBUF_SIZE` bytes, as libpcap
/// itself demands.
unsafe fn explain(function: &str, buffer: *mut c_char) {
    if buffer.is_null() {
        return;
    }
    let text = why_missing(function).replace('\0', "");
    let mut length = text.len().min(PCAP_ERRBUF_SIZE - 1);
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    // SAFETY: `length` bytes of the text are there, the buffer has room for them
    // and one more, and the two are not the same memory.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr().cast(), buffer, length) };
    // SAFETY: `length` is at most the last index of the buffer.
    let end = unsafe { buffer.add(length) };
    // SAFETY: as above.
    unsafe { end.write(0) };
}

/// Defines functions of libpcap that forward to the library's own.
///
/// The expression after `=>` is the result when the library or the function is
/// missing.
macro_rules! forward {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? $(=> $missing:expr)?;)*) => {
        /// The name of every function that is defined here.
        #[cfg(test)]
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(
            /// # Safety
            ///
            /// As the manual page of the function of this name says.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name($($argument: $type),*) $(-> $result)? {
                static FUNCTION: OnceLock<Option<usize>> = OnceLock::new();
                const NAME: &CStr = match CStr::from_bytes_with_nul(
                    concat!(stringify!($name), "\0").as_bytes(),
                ) {
                    Ok(name) => name,
                    Err(_) => panic!("the name ends with the only NUL"),
                };
                let Some(address) = *FUNCTION.get_or_init(|| symbol(NAME)) else {
                    return $($missing)?;
                };
                // SAFETY: the address is that of libpcap's function of this name,
                // whose C signature these types are.
                let function = unsafe {
                    std::mem::transmute::<
                        *const c_void,
                        unsafe extern "C" fn($($type),*) $(-> $result)?,
                    >(address as *const c_void)
                };
                // SAFETY: the caller keeps libpcap's rules for these arguments.
                unsafe { function($($argument),*) }
            }
        )*
    };
}

/// Null, after the reason was written into the caller's error buffer.
macro_rules! null_explained {
    ($function:literal, $buffer:ident) => {{
        // SAFETY: the caller's buffer is as large as libpcap demands.
        unsafe { explain($function, $buffer) };
        std::ptr::null_mut()
    }};
}

/// `PCAP_ERROR`, after the reason was written into the caller's error buffer.
macro_rules! error_explained {
    ($function:literal, $buffer:ident) => {{
        // SAFETY: the caller's buffer is as large as libpcap demands.
        unsafe { explain($function, $buffer) };
        PCAP_ERROR
    }};
}

/// What `pcap_geterr` says when there is no libpcap to ask.
fn missing_as_c_text() -> *mut c_char {
    static TEXT: OnceLock<CString> = OnceLock::new();
    TEXT.get_or_init(|| CString::new(why_missing("pcap_geterr")).unwrap_or_default())
        .as_ptr()
        .cast_mut()
}

forward! {
    fn pcap_activate(pcap: *mut c_void) -> c_int => PCAP_ERROR;
    fn pcap_breakloop(pcap: *mut c_void);
    fn pcap_close(pcap: *mut c_void);
    fn pcap_compile(pcap: *mut c_void, program: *mut c_void, text: *const c_char, optimize: c_int, netmask: c_uint) -> c_int => PCAP_ERROR;
    fn pcap_create(source: *const c_char, errbuf: *mut c_char) -> *mut c_void => null_explained!("pcap_create", errbuf);
    fn pcap_datalink(pcap: *mut c_void) -> c_int => PCAP_ERROR;
    fn pcap_datalink_name_to_val(name: *const c_char) -> c_int => PCAP_ERROR;
    fn pcap_datalink_val_to_description(linktype: c_int) -> *const c_char => std::ptr::null();
    fn pcap_datalink_val_to_name(linktype: c_int) -> *const c_char => std::ptr::null();
    fn pcap_dispatch(pcap: *mut c_void, count: c_int, callback: *mut c_void, user: *mut c_void) -> c_int => PCAP_ERROR;
    fn pcap_dump(user: *mut c_void, header: *const c_void, packet: *const c_void);
    fn pcap_dump_close(dumper: *mut c_void);
    fn pcap_dump_flush(dumper: *mut c_void) -> c_int => PCAP_ERROR;
    fn pcap_dump_fopen(pcap: *mut c_void, file: *mut c_void) -> *mut c_void => std::ptr::null_mut();
    fn pcap_dump_open(pcap: *mut c_void, name: *const c_char) -> *mut c_void => std::ptr::null_mut();
    fn pcap_dump_open_append(pcap: *mut c_void, name: *const c_char) -> *mut c_void => std::ptr::null_mut();
    fn pcap_fileno(pcap: *mut c_void) -> c_int => PCAP_ERROR;
    fn pcap_findalldevs(devices: *mut c_void, errbuf: *mut c_char) -> c_int => error_explained!("pcap_findalldevs", errbuf);
    fn pcap_fopen_offline(file: *mut c_void, errbuf: *mut c_char) -> *mut c_void => null_explained!("pcap_fopen_offline", errbuf);
    fn pcap_fopen_offline_with_tstamp_precision(file: *mut c_void, precision: c_uint, errbuf: *mut c_char) -> *mut c_void => null_explained!("pcap_fopen_offline_with_tstamp_precision", errbuf);
    fn pcap_free_datalinks(list: *mut c_void);
    fn pcap_freealldevs(devices: *mut c_void);
    fn pcap_freecode(program: *mut c_void);
    fn pcap_get_selectable_fd(pcap: *mut c_void) -> c_int => PCAP_ERROR;
    fn pcap_geterr(pcap: *mut c_void) -> *mut c_char => missing_as_c_text();
    fn pcap_list_datalinks(pcap: *mut c_void, list: *mut c_void) -> c_int => PCAP_ERROR;
    fn pcap_loop(pcap: *mut c_void, count: c_int, callback: *mut c_void, user: *mut c_void) -> c_int => PCAP_ERROR;
    fn pcap_major_version(pcap: *mut c_void) -> c_int => PCAP_ERROR;
    fn pcap_minor_version(pcap: *mut c_void) -> c_int => PCAP_ERROR;
    fn pcap_next_ex(pcap: *mut c_void, header: *mut c_void, packet: *mut c_void) -> c_int => PCAP_ERROR;
    // Zero means that the packet does not match.
    fn pcap_offline_filter(program: *const c_void, header: *const c_void, packet: *const c_void) -> c_int => 0;
    fn pcap_open_dead(linktype: c_int, snaplen: c_int) -> *mut c_void => std::ptr::null_mut();
    fn pcap_open_dead_with_tstamp_precision(linktype: c_int, snaplen: c_int, precision: c_uint) -> *mut c_void => std::ptr::null_mut();
    fn pcap_open_offline(name: *const c_char, errbuf: *mut c_char) -> *mut c_void => null_explained!("pcap_open_offline", errbuf);
    fn pcap_open_offline_with_tstamp_precision(name: *const c_char, precision: c_uint, errbuf: *mut c_char) -> *mut c_void => null_explained!("pcap_open_offline_with_tstamp_precision", errbuf);
    fn pcap_sendpacket(pcap: *mut c_void, packet: *const c_void, length: c_int) -> c_int => PCAP_ERROR;
    fn pcap_set_buffer_size(pcap: *mut c_void, bytes: c_int) -> c_int => PCAP_ERROR;
    fn pcap_set_datalink(pcap: *mut c_void, linktype: c_int) -> c_int => PCAP_ERROR;
    fn pcap_set_immediate_mode(pcap: *mut c_void, immediate: c_int) -> c_int => PCAP_ERROR;
    fn pcap_set_promisc(pcap: *mut c_void, promisc: c_int) -> c_int => PCAP_ERROR;
    fn pcap_set_rfmon(pcap: *mut c_void, rfmon: c_int) -> c_int => PCAP_ERROR;
    fn pcap_set_snaplen(pcap: *mut c_void, snaplen: c_int) -> c_int => PCAP_ERROR;
    fn pcap_set_timeout(pcap: *mut c_void, ms: c_int) -> c_int => PCAP_ERROR;
    fn pcap_set_tstamp_precision(pcap: *mut c_void, precision: c_int) -> c_int => PCAP_ERROR;
    fn pcap_set_tstamp_type(pcap: *mut c_void, kind: c_int) -> c_int => PCAP_ERROR;
    fn pcap_setdirection(pcap: *mut c_void, direction: c_uint) -> c_int => PCAP_ERROR;
    fn pcap_setfilter(pcap: *mut c_void, program: *mut c_void) -> c_int => PCAP_ERROR;
    fn pcap_setnonblock(pcap: *mut c_void, nonblock: c_int, errbuf: *mut c_char) -> c_int => error_explained!("pcap_setnonblock", errbuf);
    fn pcap_stats(pcap: *mut c_void, statistics: *mut c_void) -> c_int => PCAP_ERROR;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The functions that `pcap` 2.5.0 declares for Linux: the lines `pub fn pcap_…`
    /// of its `src/raw.rs` that are no comments (`grep -E '^\s*pub fn pcap_'`),
    /// without those of its modules `ffi_macos` and `ffi_windows`.
    const NEEDED: &str = "
        pcap_create pcap_set_snaplen pcap_set_promisc pcap_set_timeout
        pcap_set_buffer_size pcap_activate pcap_open_dead pcap_open_offline
        pcap_fopen_offline pcap_close pcap_loop pcap_dispatch pcap_next_ex
        pcap_breakloop pcap_stats pcap_setfilter pcap_setdirection
        pcap_setnonblock pcap_sendpacket pcap_geterr pcap_compile pcap_freecode
        pcap_offline_filter pcap_datalink pcap_list_datalinks pcap_set_datalink
        pcap_free_datalinks pcap_datalink_name_to_val pcap_datalink_val_to_name
        pcap_datalink_val_to_description pcap_major_version pcap_minor_version
        pcap_fileno pcap_dump_open pcap_dump_fopen pcap_dump_flush
        pcap_dump_close pcap_dump pcap_findalldevs pcap_freealldevs
        pcap_get_selectable_fd pcap_set_tstamp_type
        pcap_fopen_offline_with_tstamp_precision
        pcap_open_dead_with_tstamp_precision
        pcap_open_offline_with_tstamp_precision pcap_set_immediate_mode
        pcap_set_tstamp_precision pcap_dump_open_append pcap_set_rfmon
    ";

    #[test]
    fn defines_what_the_pcap_crate_declares() {
        let mut needed: Vec<&str> = NEEDED.split_whitespace().collect();
        needed.sort_unstable();
        assert_eq!(NAMES, needed);
    }

    #[test]
    fn finds_every_name_in_an_installed_libpcap() {
        if library().is_err() {
            return;
        }
        for name in NAMES {
            let name = CString::new(*name).unwrap();
            assert!(symbol(&name).is_some(), "{name:?}");
        }
    }

    #[test]
    fn reports_a_function_that_the_library_lacks() {
        let mut buffer = [0x7f; PCAP_ERRBUF_SIZE];
        // SAFETY: the buffer has the size that is asked for.
        unsafe { explain("pcap_of_tomorrow", buffer.as_mut_ptr()) };
        // SAFETY: `explain` ends the text with NUL.
        let text = unsafe { CStr::from_ptr(buffer.as_ptr()) }.to_str().unwrap();
        let expected = match library() {
            Ok(_) => "this libpcap is too old: it has no function pcap_of_tomorrow",
            Err(_) => "libpcap is not installed: none of libpcap.so.0.8, libpcap.so.1",
        };
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn forwards_a_call() {
        // SAFETY: the name ends with NUL.
        let ethernet = unsafe { pcap_datalink_name_to_val(c"EN10MB".as_ptr()) };
        // SAFETY: the name ends with NUL.
        let unknown = unsafe { pcap_datalink_name_to_val(c"no such link".as_ptr()) };
        let expected = if library().is_ok() { 1 } else { PCAP_ERROR };
        assert_eq!((ethernet, unknown), (expected, PCAP_ERROR));
    }

    #[test]
    fn fails_with_words_when_there_is_no_device() {
        let mut buffer: [c_char; PCAP_ERRBUF_SIZE] = [0; PCAP_ERRBUF_SIZE];
        // SAFETY: the name ends with NUL, the buffer has the size that is asked for.
        let pcap = unsafe { pcap_open_offline(c"/nonexistent/file".as_ptr(), buffer.as_mut_ptr()) };
        assert!(pcap.is_null());
        // SAFETY: libpcap and `explain` both end the text with NUL.
        let text = unsafe { CStr::from_ptr(buffer.as_ptr()) };
        assert!(!text.is_empty());
    }
}
