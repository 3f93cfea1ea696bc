//! nginx, with or without TLS.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::net::{Role, run};
use crate::scenario::Certificate;
use crate::servers::{Listens, Place, Server};

/// The name that the certificate is for.
pub(crate) const NAME: &str = "prov.example.com";

/// How it answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Web {
    pub(crate) port: u16,
    /// For everything, in place of the file.
    pub(crate) status: Option<u16>,
    pub(crate) login: bool,
    pub(crate) tls: bool,
    /// What is wrong with the certificate.
    pub(crate) certificate: Option<Certificate>,
}

/// Starts it over the root of the files. Uploads are taken with PUT.
pub(crate) fn start(place: &Place<'_>, web: &Web) -> Result<Server> {
    let folder = place.folder.display();
    let mut server = format!("  listen 192.0.2.10:{}", web.port);
    if web.tls {
        makes_certificates(place.folder, web.certificate)?;
        write!(
            server,
            " ssl;\n  ssl_certificate {folder}/server.pem;\n  ssl_certificate_key {folder}/server.key;\n"
        )?;
    } else {
        server += ";\n";
    }
    writeln!(
        server,
        "  root {};\n  dav_methods PUT;",
        place.root.display()
    )?;
    if let Some(status) = web.status {
        writeln!(server, "  location / {{ return {status}; }}")?;
    }
    if web.login {
        place.writes("htpasswd", "")?;
        writeln!(
            server,
            "  auth_basic phones;\n  auth_basic_user_file {folder}/htpasswd;"
        )?;
    }
    let text = format!(
        "daemon off;\nuser nobody nogroup;\nworker_processes 1;\npid {folder}/nginx.pid;\n\
         error_log stderr;\nevents {{ }}\nhttp {{\n access_log off;\n \
         default_type application/octet-stream;\n client_body_temp_path {folder}/body;\n \
         proxy_temp_path {folder}/proxy;\n fastcgi_temp_path {folder}/fastcgi;\n \
         uwsgi_temp_path {folder}/uwsgi;\n scgi_temp_path {folder}/scgi;\n \
         server {{\n{server} }}\n}}\n"
    );
    let path = place.writes("nginx.conf", &text)?;
    let mut command = place.command(Role::Files, "nginx");
    command.args(["-e", "stderr", "-c"]).arg(path);
    place.starts("nginx", &mut command, Listens::Tcp(web.port))
}

/// A CA that the phone trusts (`trusted.pem`), and the server's certificate.
fn makes_certificates(folder: &Path, wrong: Option<Certificate>) -> Result<()> {
    let days = match wrong {
        Some(Certificate::Expired) => "-1",
        _ => "300",
    };
    let name = match wrong {
        Some(Certificate::OtherName) => "www.example.net",
        _ => NAME,
    };
    authority(folder, "ca", "Example CA")?;
    let trusted = match wrong {
        Some(Certificate::Untrusted) => {
            authority(folder, "other", "Another CA")?;
            "other.pem"
        }
        _ => "ca.pem",
    };
    std::fs::copy(folder.join(trusted), folder.join("trusted.pem"))?;
    openssl(
        folder,
        &format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key \
             -out server.csr -subj /CN={name} -addext subjectAltName=DNS:{name}"
        ),
    )?;
    openssl(
        folder,
        &format!(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
             -copy_extensions copy -days {days} -out server.pem"
        ),
    )
}

fn authority(folder: &Path, file: &str, name: &str) -> Result<()> {
    let mut command = Command::new("openssl");
    command
        .current_dir(folder)
        .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "900"])
        .args(["-pkeyopt", "ec_paramgen_curve:P-256"])
        .args([
            "-keyout",
            &format!("{file}.key"),
            "-out",
            &format!("{file}.pem"),
        ])
        .args(["-subj", &format!("/CN={name}")]);
    run(&mut command)
}

fn openssl(folder: &Path, arguments: &str) -> Result<()> {
    let mut command = Command::new("openssl");
    command
        .current_dir(folder)
        .args(arguments.split_whitespace());
    run(&mut command)
}
