//! Names of the numbers in a message: types, operation codes, result codes.
//!
//! RFC 6895 and the registry that it describes.

/// Types of records and questions: number and name, sorted by number.
#[rustfmt::skip]
pub const TYPES: &[(u16, &str)] = &[
    (1, "A"),          // RFC 1035 §3.4.1
    (2, "NS"),         // RFC 1035 §3.3.11
    (5, "CNAME"),      // RFC 1035 §3.3.1
    (6, "SOA"),        // RFC 1035 §3.3.13
    (10, "NULL"),      // RFC 1035 §3.3.10
    (12, "PTR"),       // RFC 1035 §3.3.12
    (13, "HINFO"),     // RFC 1035 §3.3.2
    (15, "MX"),        // RFC 1035 §3.3.9
    (16, "TXT"),       // RFC 1035 §3.3.14
    (17, "RP"),        // RFC 1183 §2.2
    (18, "AFSDB"),     // RFC 1183 §1
    (24, "SIG"),       // RFC 2535 §4.1
    (25, "KEY"),       // RFC 2535 §3.1
    (28, "AAAA"),      // RFC 3596 §2.1
    (29, "LOC"),       // RFC 1876
    (33, "SRV"),       // RFC 2782
    (35, "NAPTR"),     // RFC 3403 §4
    (36, "KX"),        // RFC 2230
    (37, "CERT"),      // RFC 4398
    (39, "DNAME"),     // RFC 6672
    (41, "OPT"),       // RFC 6891 §6.1
    (42, "APL"),       // RFC 3123
    (43, "DS"),        // RFC 4034 §5
    (44, "SSHFP"),     // RFC 4255
    (45, "IPSECKEY"),  // RFC 4025
    (46, "RRSIG"),     // RFC 4034 §3
    (47, "NSEC"),      // RFC 4034 §4
    (48, "DNSKEY"),    // RFC 4034 §2
    (49, "DHCID"),     // RFC 4701
    (50, "NSEC3"),     // RFC 5155 §3
    (51, "NSEC3PARAM"), // RFC 5155 §4
    (52, "TLSA"),      // RFC 6698
    (53, "SMIMEA"),    // RFC 8162
    (59, "CDS"),       // RFC 7344
    (60, "CDNSKEY"),   // RFC 7344
    (61, "OPENPGPKEY"), // RFC 7929
    (62, "CSYNC"),     // RFC 7477
    (63, "ZONEMD"),    // RFC 8976
    (64, "SVCB"),      // RFC 9460
    (65, "HTTPS"),     // RFC 9460
    (99, "SPF"),       // RFC 7208 §3.1
    (249, "TKEY"),     // RFC 2930
    (250, "TSIG"),     // RFC 8945
    (251, "IXFR"),     // RFC 1995
    (252, "AXFR"),     // RFC 5936
    (255, "ANY"),      // RFC 1035 §3.2.3
    (256, "URI"),      // RFC 7553
    (257, "CAA"),      // RFC 8659
];

/// The name of a type; `None` for one that [`TYPES`] lacks.
pub fn type_name(kind: u16) -> Option<&'static str> {
    let index = TYPES.binary_search_by_key(&kind, |(code, _)| *code).ok()?;
    TYPES.get(index).map(|(_, name)| *name)
}

/// The name of an opcode (RFC 6895 §2.2); `None` for one that is not assigned.
pub fn opcode_name(opcode: u8) -> Option<&'static str> {
    Some(match opcode {
        0 => "QUERY",
        1 => "IQUERY",
        2 => "STATUS",
        4 => "NOTIFY",
        5 => "UPDATE",
        6 => "DSO",
        _ => return None,
    })
}

/// The name of a result code (RFC 6895 §2.3); `None` for one that is not assigned.
/// 16 is the one of EDNS, not of signatures.
pub fn rcode_name(rcode: u16) -> Option<&'static str> {
    Some(match rcode {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        11 => "DSOTYPENI",
        16 => "BADVERS",
        23 => "BADCOOKIE",
        _ => return None,
    })
}
