//! HTTPS and SIP over TLS: a Yealink T48S and a Polycom SoundPoint IP 331.
//!
//! The phones' lease and files are those of `yealink.rs` and `polycom.rs`; what they say
//! of TLS is what administrators of PBXs and hosted providers report of them: old firmware
//! stops at TLS 1.0, and knows few certificate authorities.

use crate::forge::dhcp::{Client, Lease};
use crate::forge::lldp;
use crate::forge::recipes::{Expect, Phone, Recipe};
use crate::forge::scene::{Host, Scene};
use crate::forge::tcp::Side;
use crate::forge::tls::{
    BAD_CERTIFICATE, CA, CERTIFICATE_EXPIRED, EXPIRED, GOOD, HANDSHAKE_FAILURE, OF_PHONE, OTHER,
    Offer, PROTOCOL_VERSION, UNKNOWN_CA,
};

const YEALINK: &str = "yealink";
const POLYCOM: &str = "polycom";

const HTTPS: u16 = 443;
const SIPS: u16 = 5061;

/// Its certificates are in the forge.
const NAME: &str = "prov.example.com";

const ECDSA_SUITE: u16 = 0xc02c;

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        healthy_https_and_sips(),
        healthy_https_1_3(),
        healthy_falls_back(),
        certificate_expired(),
        clock_wrong(),
        unknown_ca(),
        wrong_name(),
        own_certificate_refused(),
        own_certificate_missing(),
        registration_untrusted(),
        version_refused(),
        no_common_cipher(),
    ]
}

/// A phone, its provisioning server, a router that leases and resolves.
#[derive(Debug, Clone)]
struct Bench {
    family: &'static str,
    scene: Scene,
    phone: Host,
    server: Host,
    router: Host,
    expect: Phone,
}

impl Bench {
    fn t48s() -> Self {
        let client = Client {
            vendor_class: b"yealink".to_vec(),
            parameters: vec![1, 2, 3, 4, 6, 7, 12, 15, 28, 42, 66, 67, 43, 120],
            host_name: Some("SIP-T48S".into()),
            option_61: true,
            ..Client::default()
        };
        let phone = Host::new([0x00, 0x15, 0x65, 0x48, 0x51, 0x0a], [192, 0, 2, 48]);
        let expect = Phone::healthy(&phone, "yealink-t4x", "T48S");
        let mut scene = Scene::new();
        let announcement = lldp::Phone {
            name: "SIP-T48S",
            description: "66.84.0.125",
            manufacturer: "Yealink",
            model: "SIP-T48S",
            software: "66.84.0.125",
        };
        scene.lldp_phone(&phone, &announcement);
        scene.wait_secs(2);
        Self::new(YEALINK, scene, phone.leasing(client), expect)
    }

    fn ip_331() -> Self {
        let client = Client {
            vendor_class: b"Polycom-SoundPointIP-SPIP_331".to_vec(),
            parameters: vec![1, 28, 160, 66, 3, 4, 42, 2, 6, 15],
            ..Client::default()
        };
        let phone = Host::new([0x00, 0x04, 0xf2, 0xa1, 0x33, 0x1d], [192, 0, 2, 33]);
        let expect = Phone {
            model: None,
            ..Phone::healthy(&phone, "polycom", "")
        };
        Self::new(POLYCOM, Scene::new(), phone.leasing(client), expect)
    }

    /// A phone that has its lease and knows where its server is.
    fn new(family: &'static str, mut scene: Scene, phone: Host, expect: Phone) -> Self {
        let router = Host::new([0x00, 0x1e, 0x14, 0x40, 0x01, 0x01], [192, 0, 2, 1]).with_ttl(255);
        let server = Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x14], [192, 0, 2, 20]);
        let lease = Lease::new(phone.ip)
            .option(6, [192, 0, 2, 1])
            .option(42, [192, 0, 2, 5])
            .option(66, "https://prov.example.com/");
        scene.dhcp_lease(&phone, &router, &lease);
        scene.arp_announcement(&phone);
        scene.wait_ms(900);
        scene.arp(&phone, &router);
        scene.dns(&phone, &router, NAME, server.ip);
        scene.arp(&phone, &server);
        Self {
            family,
            scene,
            phone,
            server,
            router,
            expect,
        }
    }

    /// The T48S fetches its two configuration files over one connection each.
    fn fetches_by_1_2(&mut self) {
        for length in [2_310, 1_480] {
            self.scene
                .tls(&self.phone, &self.server, HTTPS, &Offer::modern(NAME))
                .answers(ECDSA_SUITE, &[GOOD, CA], false)
                .accepts(None)
                .completes()
                .fetches(length)
                .ends();
            self.scene.wait_ms(150);
        }
    }

    /// The phone tries for a while and gives up; nothing else is heard of it.
    fn tries(&mut self, mut attempt: impl FnMut(&mut Scene, &Host, &Host)) {
        for gap_secs in [5, 15, 60] {
            attempt(&mut self.scene, &self.phone, &self.server);
            self.scene.wait_secs(gap_secs);
        }
        self.scene.arp(&self.router, &self.phone);
    }

    fn failed(self, name: &'static str, title: &'static str, story: &'static str) -> Recipe {
        let phone = Phone {
            outcome: &["failed"],
            findings: &["tls-handshake-failed"],
            ..self.expect.clone()
        };
        self.recipe(name, title, story, phone)
    }

    fn loaded(self, name: &'static str, title: &'static str, story: &'static str) -> Recipe {
        let phone = Phone {
            outcome: &["loaded"],
            ..self.expect.clone()
        };
        self.recipe(name, title, story, phone)
    }

    fn recipe(
        self,
        name: &'static str,
        title: &'static str,
        story: &'static str,
        phone: Phone,
    ) -> Recipe {
        Recipe {
            family: self.family,
            name,
            title,
            story,
            scene: self.scene,
            expect: Expect::phone(phone),
            cut_bytes: 0,
            origin: file!(),
        }
    }
}

fn healthy_https_and_sips() -> Recipe {
    let mut bench = Bench::t48s();
    bench.fetches_by_1_2();
    bench.scene.wait_secs(2);
    bench
        .scene
        .tls(&bench.phone, &bench.server, SIPS, &Offer::modern(NAME))
        .answers(ECDSA_SUITE, &[GOOD, CA], false)
        .accepts(None)
        .completes()
        .fetches(520)
        .fetches(610);
    bench.scene.wait_secs(120);
    bench.scene.arp(&bench.router, &bench.phone);
    bench.loaded(
        "healthy-https-and-sips",
        "Configuration by HTTPS, registration by SIP over TLS",
        "Nothing is wrong. All that the phone says behind its lease is encrypted: it fetches two files by \
         TLS 1.2, opens TLS to port 5061, says a few words there, and stays connected for minutes.",
    )
}

fn healthy_https_1_3() -> Recipe {
    let mut bench = Bench::t48s();
    bench
        .scene
        .tls(&bench.phone, &bench.server, HTTPS, &Offer::newest(NAME))
        .completes_1_3()
        .fetches(2_310)
        .closes(Side::Client);
    bench.scene.wait_secs(2);
    bench
        .scene
        .tls(&bench.phone, &bench.server, SIPS, &Offer::newest(NAME))
        .completes_1_3()
        .fetches(520);
    bench.scene.wait_secs(120);
    bench.scene.arp(&bench.router, &bench.phone);
    bench.loaded(
        "healthy-https-tls13",
        "The same by TLS 1.3, which shows no certificate",
        "Nothing is wrong. Behind the two hellos only the lengths of the records are seen; the phone's \
         proof and the server's tickets show that both have accepted each other.",
    )
}

fn healthy_falls_back() -> Recipe {
    let mut bench = Bench::t48s();
    bench
        .scene
        .tls(&bench.phone, &bench.server, HTTPS, &Offer::modern(NAME))
        .fatal(Side::Server, PROTOCOL_VERSION);
    bench.scene.wait_ms(40);
    bench
        .scene
        .tls(&bench.phone, &bench.server, HTTPS, &Offer::old())
        .answers(0x002f, &[GOOD], false)
        .accepts(None)
        .completes()
        .fetches(2_310)
        .ends();
    bench.scene.wait_secs(90);
    bench.scene.arp(&bench.router, &bench.phone);
    bench.loaded(
        "healthy-tls-falls-back",
        "An old server refuses TLS 1.2, and the phone comes again with 1.0",
        "The first handshake ends by the server's alert protocol_version. The phone offers TLS 1.0 at \
         once, and that works: nothing needs doing for this boot.",
    )
}

fn certificate_expired() -> Recipe {
    let mut bench = Bench::t48s();
    bench.tries(|scene, phone, server| {
        scene
            .tls(phone, server, HTTPS, &Offer::modern(NAME))
            .answers(ECDSA_SUITE, &[EXPIRED, CA], false)
            .fatal(Side::Client, CERTIFICATE_EXPIRED);
    });
    bench.failed(
        "tls-certificate-expired",
        "The provisioning server's certificate has expired",
        "The phone calls prov.example.com by HTTPS three times. The server shows a certificate that ended \
         on 2024-05-01, and each time the phone ends the handshake with certificate_expired.",
    )
}

fn clock_wrong() -> Recipe {
    let mut bench = Bench::t48s();
    let mut clock_secs = 12;
    bench.tries(|scene, phone, server| {
        let offer = Offer {
            clock_secs: Some(clock_secs),
            ..Offer::modern(NAME)
        };
        clock_secs += 15;
        scene
            .tls(phone, server, HTTPS, &offer)
            .answers(ECDSA_SUITE, &[GOOD, CA], false)
            .fatal(Side::Client, BAD_CERTIFICATE);
    });
    bench.failed(
        "tls-clock-wrong",
        "The certificate is good, and the phone lives in 1970",
        "The phone never got the time. Its hello shows some seconds of 1970; to it the server's \
         certificate, which is good from 2025 to 2027, does not hold yet, and it says bad_certificate.",
    )
}

fn unknown_ca() -> Recipe {
    let mut bench = Bench::t48s();
    bench.tries(|scene, phone, server| {
        scene
            .tls(phone, server, HTTPS, &Offer::modern(NAME))
            .answers(ECDSA_SUITE, &[GOOD], false)
            .fatal(Side::Client, UNKNOWN_CA);
    });
    bench.failed(
        "tls-unknown-ca",
        "The phone does not know who signed the server's certificate",
        "The server sends its own certificate alone, signed by an authority of the house that is not in \
         the phone's store. The phone ends each handshake with unknown_ca.",
    )
}

fn wrong_name() -> Recipe {
    let mut bench = Bench::t48s();
    bench.tries(|scene, phone, server| {
        scene
            .tls(phone, server, HTTPS, &Offer::modern(NAME))
            .answers(ECDSA_SUITE, &[OTHER, CA], false)
            .fatal(Side::Client, BAD_CERTIFICATE);
    });
    bench.failed(
        "tls-wrong-name",
        "The certificate is for another host",
        "The phone calls prov.example.com; the server shows the certificate of www.example.net. The \
         phone says bad_certificate, and all else about the certificate is right.",
    )
}

fn own_certificate_refused() -> Recipe {
    let mut bench = Bench::t48s();
    bench.tries(|scene, phone, server| {
        scene
            .tls(phone, server, HTTPS, &Offer::modern(NAME))
            .answers(ECDSA_SUITE, &[GOOD, CA], true)
            .accepts(Some(&[OF_PHONE]))
            .fatal(Side::Server, CERTIFICATE_EXPIRED);
    });
    bench.failed(
        "tls-phone-certificate-refused",
        "The phone's own certificate has expired",
        "The server asks for the phone's certificate and gets its factory one, which ended on 2025-01-01. \
         The server answers with certificate_expired.",
    )
}

fn own_certificate_missing() -> Recipe {
    let mut bench = Bench::t48s();
    bench.tries(|scene, phone, server| {
        scene
            .tls(phone, server, HTTPS, &Offer::modern(NAME))
            .answers(ECDSA_SUITE, &[GOOD, CA], true)
            .accepts(Some(&[]))
            .fatal(Side::Server, HANDSHAKE_FAILURE);
    });
    bench.failed(
        "tls-phone-certificate-missing",
        "The server wants a certificate, and the phone has none",
        "The server asks for the phone's certificate, the phone sends an empty list, and the server ends \
         the handshake with handshake_failure: not for want of a cipher.",
    )
}

fn registration_untrusted() -> Recipe {
    let mut bench = Bench::t48s();
    bench.fetches_by_1_2();
    bench.scene.wait_secs(2);
    bench.tries(|scene, phone, server| {
        scene
            .tls(phone, server, SIPS, &Offer::modern(NAME))
            .answers(ECDSA_SUITE, &[GOOD, CA], false)
            .fatal(Side::Client, UNKNOWN_CA);
    });
    bench.failed(
        "tls-registration-untrusted",
        "The files come by HTTPS, the registration by TLS does not",
        "The phone's configuration lets HTTPS pass without looking at certificates, but not SIP: on port \
         5061 it ends each handshake with unknown_ca.",
    )
}

fn version_refused() -> Recipe {
    let mut bench = Bench::ip_331();
    bench.tries(|scene, phone, server| {
        scene
            .tls(phone, server, HTTPS, &Offer::old())
            .fatal(Side::Server, PROTOCOL_VERSION);
    });
    bench.failed(
        "tls-version-refused",
        "The server does not speak TLS 1.0 any more",
        "A SoundPoint with firmware before 4.0.15 offers TLS 1.0. The server answers with the alert \
         protocol_version, each time.",
    )
}

fn no_common_cipher() -> Recipe {
    let mut bench = Bench::ip_331();
    let offer = Offer {
        version: [3, 3],
        ..Offer::old()
    };
    bench.tries(|scene, phone, server| {
        scene
            .tls(phone, server, HTTPS, &offer)
            .fatal(Side::Server, HANDSHAKE_FAILURE);
    });
    bench.failed(
        "tls-no-common-cipher",
        "The server's ciphers were trimmed",
        "The phone speaks TLS 1.2 with RSA key exchange only. The server wants elliptic curves and \
         answers with handshake_failure.",
    )
}
