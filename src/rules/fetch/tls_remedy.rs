//! What to do about a TLS handshake that failed.

use crate::dissect::certificate::Certificate;
use crate::finding::Finding;
use crate::session::Boot;
use crate::session::tls::Session;

use super::tls_reason::{Reason, chain, is_old, own_certificate_expired, server_is_old};

/// DHCP: NTP servers (RFC 2132 §8.3).
const NTP_SERVERS: u8 = 42;

/// Adds what to do, from the facts of this boot.
pub(super) fn remedy(finding: Finding, session: &Session, reason: Reason, boot: &Boot) -> Finding {
    let server = session.server;
    let port = session.server_port;
    let version = session.hello.value.highest_version();
    match reason {
        Reason::ClearText => finding
            .remedy(format!(
                "Switch TLS on for port {port} of {server} (nginx: `listen {port} ssl`, with a \
                 certificate)."
            ))
            .remedy(format!(
                "Or give the phone a URL that begins with http:// (`http://{server}:{port}/`), if \
                 clear text is what you want."
            )),
        Reason::Version if server_is_old(session) => finding
            .remedy(format!(
                "Let {server} speak TLS 1.2 as well (nginx: `ssl_protocols TLSv1.2 TLSv1.3`); a \
                 server that cannot needs newer software."
            ))
            .remedy("Or let the phone speak older versions, if its TLS settings allow it."),
        Reason::Version => finding
            .remedy(
                "Give the phone newer firmware if there is one that speaks TLS 1.2: over plain \
                 HTTP or TFTP, as this server cannot be reached.",
            )
            .remedy(format!(
                "Else let {server} speak {version} on a port of its own for such phones (nginx: \
                 `ssl_protocols`; OpenSSL 3 also needs `@SECLEVEL=0` in the ciphers)."
            )),
        Reason::Cipher => {
            let finding = finding.remedy(format!(
                "Allow one of the ciphers that the phone offers on {server} (nginx: `ssl_ciphers`); \
                 `phoneboot decode --protocol tls` lists them."
            ));
            if is_old(session) {
                finding.remedy(format!("Does {server} still speak {version}?"))
            } else {
                finding.remedy(
                    "Is the server's key of a kind that the phone knows? Old phones speak RSA only.",
                )
            }
        }
        Reason::UnknownName => finding
            .remedy(format!(
                "Add this name, with a certificate, to the web server on {server}."
            ))
            .remedy("Or give the phones the name that the certificate is for."),
        Reason::Expired(_)
        | Reason::NotYetValid(_)
        | Reason::Clock
        | Reason::ExpiredUnseen
        | Reason::Untrusted
        | Reason::NotAccepted => trust(finding, session, reason, boot),
        Reason::WrongName => finding
            .remedy("Give the phone a URL with a name that the certificate is for.")
            .remedy(format!(
                "Or add the name that the phone uses to the certificate of {server}."
            )),
        Reason::PhoneCertificateMissing => finding
            .remedy(format!(
                "Let {server} do without the phone's certificate (nginx: `ssl_verify_client off`)."
            ))
            .remedy("Or load a certificate into the phone; is its factory one switched on?"),
        Reason::PhoneCertificateRefused if own_certificate_expired(session).is_some() => finding
            .remedy(format!(
                "Let {server} pass over the date of the phones' certificates, or do without them \
                 (nginx: `ssl_verify_client off`): factory certificates cannot be renewed."
            ))
            .remedy("Or load a certificate into the phone that still holds."),
        Reason::PhoneCertificateRefused => finding
            .remedy(format!(
                "Add the issuer of the phone's certificate to those that {server} accepts (nginx: \
                 `ssl_client_certificate`)."
            ))
            .remedy(
                "Factory certificates of many phones have expired: let the server pass over the \
                 date, or do without them.",
            ),
        Reason::Alert(alert) if alert.from_phone => finding
            .remedy("Look into the phone's log, and hold its TLS settings against the server's."),
        Reason::Alert(_)
        | Reason::CutOff {
            by_phone: false, ..
        } => finding
            .remedy(format!(
                "Look into the log of the server on {server}: it tells its reason."
            ))
            .remedy("Does a firewall inspect TLS between the two?"),
        Reason::CutOff { by_phone: true, .. } | Reason::Silence { by_phone: true } => {
            finding.remedy("Look into the phone's log: it ends the handshake without telling why.")
        }
        Reason::HelloUnanswered | Reason::Silence { .. } => finding
            .remedy(format!(
                "Does port {port} of {server} speak TLS at all? `openssl s_client -connect \
                 {server}:{port}`"
            ))
            .remedy("Are long packets lost on the way (MTU), or does a firewall hold them back?"),
    }
}

/// What makes the phone trust the server.
fn trust(finding: Finding, session: &Session, reason: Reason, boot: &Boot) -> Finding {
    let server = session.server;
    let port = session.server_port;
    let chain = chain(session);
    let issuer = chain.last().map_or_else(
        || "of this server's certificate".into(),
        |last| last.issuer.to_string(),
    );
    match reason {
        Reason::Expired(0) => finding.remedy(format!("Renew the certificate on {server}.")),
        Reason::Expired(_) => finding.remedy(format!(
            "Replace the expired certificate in the chain that {server} sends."
        )),
        Reason::NotYetValid(_) => finding.remedy(format!(
            "Install a certificate on {server} that holds now; check the clock of the machine \
             that made this one, and of the one that captured."
        )),
        Reason::Clock => time_server(finding, boot),
        Reason::ExpiredUnseen => time_server(
            finding.remedy(format!(
                "Look at the certificate: `openssl s_client -connect {server}:{port} | openssl \
                 x509 -noout -dates`."
            )),
            boot,
        ),
        _ => {
            let finding = finding.remedy(format!(
                "Load the certificate of the issuer {issuer} into the phone, by plain HTTP first, \
                 or use one that its firmware knows."
            ));
            // A chain that ends in a root has nothing left to be sent.
            let finding = if chain.last().is_some_and(Certificate::is_self_issued) {
                finding
            } else {
                finding.remedy(format!(
                    "Let {server} send the whole chain: its own certificate and every one between \
                     it and the root."
                ))
            };
            if reason == Reason::NotAccepted {
                time_server(finding, boot)
            } else {
                finding
            }
        }
    }
}

/// How the phone gets the right time.
fn time_server(finding: Finding, boot: &Boot) -> Finding {
    let given = boot.lease.boot_data();
    let servers = given.and_then(|data| data.message.addresses(NTP_SERVERS));
    match servers.as_deref() {
        Some([first, ..]) => finding.remedy(format!(
            "See that the time server {first}, which DHCP names, answers the phone on UDP port \
             123."
        )),
        _ => finding.remedy(
            "Give the phone the time: DHCP option 42 with a time server that answers, or the one \
             in its configuration.",
        ),
    }
}
