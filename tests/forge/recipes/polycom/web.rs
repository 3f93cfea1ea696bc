//! What web servers say in place of the file.

use crate::forge::firmware::pattern;
use crate::forge::recipes::polycom::{Bench, IMAGE_BYTES, master};
use crate::forge::recipes::{Phone, Recipe};

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        portal_page(),
        login_wanted(),
        server_overloaded(),
        image_cut_off(),
        part_number_twice(),
        part_number_twice_then_found(),
    ]
}

fn portal_page() -> Recipe {
    let mut bench = Bench::ip_331();
    bench.finds_server();
    let page = b"<!DOCTYPE html>\n<html><head><title>Guest access</title></head><body>Log in</body></html>\n";
    let own = bench.of_phone(".cfg");
    for _ in 0..2 {
        for file in [own.as_str(), "000000000000.cfg"] {
            bench.fetches(file, page);
        }
        bench.scene.wait_secs(50);
        bench.neighbors_speak();
    }
    bench.scene.wait_secs(60);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["web-page-instead-of-file"])
    };
    Recipe {
        title: "A guest portal answers every request of the phone with its login page",
        story: "The phone was plugged into the guest network. Its server is reached, and whatever it asks \
                for comes with 200 OK: the portal's page. It has no account and asks again.",
        ..bench.recipe_of(file!(), "portal-page", phone)
    }
}

fn login_wanted() -> Recipe {
    let mut bench = Bench::ip_331();
    bench.finds_server();
    let own = bench.of_phone(".cfg");
    for _ in 0..2 {
        for file in [own.as_str(), "000000000000.cfg"] {
            bench.is_answered(file, 401, &[("WWW-Authenticate", "Basic realm=\"phones\"")]);
        }
        bench.scene.wait_secs(50);
        bench.neighbors_speak();
    }
    bench.scene.wait_secs(60);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["http-authentication-required"])
    };
    Recipe {
        title: "The web server wants a login that the phone does not have",
        story: "The phones' folder was put behind a password after a phone's configuration had been found \
                by a search engine. The phones' option 66 was left as it was, without name and password.",
        ..bench.recipe_of(file!(), "login-wanted", phone)
    }
}

fn server_overloaded() -> Recipe {
    let mut bench = Bench::ip_331();
    bench.finds_server();
    let own = bench.of_phone(".cfg");
    for _ in 0..2 {
        for file in [own.as_str(), "000000000000.cfg"] {
            bench.is_answered(file, 503, &[]);
        }
        bench.scene.wait_secs(50);
        bench.neighbors_speak();
    }
    bench.scene.wait_secs(60);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["http-server-error"])
    };
    Recipe {
        title: "The provisioning service behind the web server is down",
        story: "The proxy answers 503 to each request: the service that makes the configurations does not \
                run.",
        ..bench.recipe_of(file!(), "server-overloaded", phone)
    }
}

fn image_cut_off() -> Recipe {
    let mut bench = Bench::ip_321();
    let own_image = bench.of_part("sip.ld");
    let (own, target) = (bench.of_phone(".cfg"), format!("/{own_image}"));
    bench.finds_server();
    bench.fetches(&own, &master("phone1.cfg"));
    for _ in 0..2 {
        bench
            .scene
            .http_get(&bench.phone, &bench.server, &target, &bench.agent)
            .server_breaks_off_after(&pattern(IMAGE_BYTES), 7_300);
        bench.scene.wait_secs(50);
        bench.neighbors_speak();
    }
    bench.scene.wait_secs(60);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["http-body-truncated"])
    };
    Recipe {
        title: "The web server ends the application's image before its end",
        story: "A formatted 321 asks for its application. The server announces 10,000 bytes, sends 7,300 and \
                closes, twice: a time limit for slow clients that is far too short.",
        ..bench.recipe_of(file!(), "image-cut-off", phone)
    }
}

/// A master configuration in which somebody put the part number before the name.
fn numbered_master(bench: &Bench) -> Vec<u8> {
    let image = bench.of_part("sip.ld");
    format!("<APPLICATION APP_FILE_PATH=\"{image}\" CONFIG_FILES=\"phone1.cfg\"/>\n").into_bytes()
}

fn part_number_twice() -> Recipe {
    let mut bench = Bench::ip_321();
    let own = bench.of_phone(".cfg");
    let twice = bench.of_part(&bench.of_part("sip.ld"));
    let config = numbered_master(&bench);
    let once = bench.of_part("sip.ld");
    bench.finds_server();
    bench.fetches(&own, &config);
    bench.misses(&twice);
    bench.misses(&once);
    for _ in 0..4 {
        bench.scene.wait_secs(30);
        bench.neighbors_speak();
    }
    let phone = Phone {
        notes: &["file-missing"],
        ..bench.failed(&["file-name-doubled"])
    };
    Recipe {
        title: "APP_FILE_PATH names the image with the part number, and the phone adds it again",
        story: "The master file says 2345-12360-001.sip.ld. The formatted 321 puts its part number before \
                that and asks for 2345-12360-001.2345-12360-001.sip.ld, then for the name as it stands; the \
                server has only sip.ld.",
        ..bench.recipe_of(file!(), "part-number-twice", phone)
    }
}

fn part_number_twice_then_found() -> Recipe {
    let mut bench = Bench::ip_331();
    let own = bench.of_phone(".cfg");
    let once = bench.of_part("sip.ld");
    let twice = bench.of_part(&once);
    let config = numbered_master(&bench);
    bench.finds_server();
    bench.fetches(&own, &config);
    bench.misses(&twice);
    bench.finds_up_to_date(&once, &pattern(IMAGE_BYTES));
    bench.fetches("phone1.cfg", b"<phone1 reg.1.address=\"2033\"/>\n\n");
    bench.registers();
    let phone = Phone {
        notes: &["file-name-doubled"],
        ..bench.healthy()
    };
    Recipe {
        title: "The same, and the image is there under the name with one part number",
        story: "The first request for the image fails, the second finds it, and the phone has that version \
                already. It registers: all that is lost is one request.",
        ..bench.recipe_of(file!(), "part-number-twice-then-found", phone)
    }
}
