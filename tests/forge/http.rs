//! HTTP/1.1 exchanges, one connection each, as phones' file clients do.
//!
//! RFC 9112.

use std::fmt::Write as _;

use crate::forge::scene::{Host, Scene};
use crate::forge::tcp::{Connection, Side};

/// A request that waits for its answer.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    scene: &'a mut Scene,
    client: &'a Host,
    server: &'a Host,
    method: &'static str,
    target: &'a str,
    port: u16,
    host: String,
    user_agent: &'a str,
    body: &'a [u8],
}

impl Scene {
    /// GET.
    pub(crate) fn http_get<'a>(
        &'a mut self,
        client: &'a Host,
        server: &'a Host,
        target: &'a str,
        user_agent: &'a str,
    ) -> Request<'a> {
        Request {
            scene: self,
            client,
            server,
            method: "GET",
            target,
            port: 80,
            host: server.url_host(),
            user_agent,
            body: b"",
        }
    }

    /// PUT, as Polycom phones upload their logs.
    pub(crate) fn http_put<'a>(
        &'a mut self,
        client: &'a Host,
        server: &'a Host,
        target: &'a str,
        user_agent: &'a str,
        body: &'a [u8],
    ) -> Request<'a> {
        Request {
            method: "PUT",
            body,
            ..self.http_get(client, server, target, user_agent)
        }
    }
}

impl Request<'_> {
    /// Another port than 80.
    pub(crate) fn port(mut self, port: u16) -> Self {
        self.port = port;
        self.host = format!("{}:{port}", self.server.url_host());
        self
    }

    /// Answered in full; then the server closes.
    pub(crate) fn answer(self, status: u16, headers: &[(&str, &str)], body: &[u8]) {
        let (scene, mut connection) = self.connect();
        scene.linger_us(400, 2_500);
        let mut response = head(status, headers, body.len());
        response.extend(body);
        connection.sends(scene, Side::Server, &response);
        connection.closes(scene, Side::Server);
        scene.linger_us(2_000, 9_000);
    }

    /// 200 with a body.
    pub(crate) fn served(self, content_type: &str, body: &[u8]) {
        self.answer(200, &[("Content-Type", content_type)], body);
    }

    /// 404 with the page that nginx makes of it.
    pub(crate) fn missing(self) {
        let page = b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n\
                     <center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx</center>\r\n\
                     </body>\r\n</html>\r\n";
        self.answer(404, &[("Content-Type", "text/html")], page);
    }

    /// The server announces the whole body, sends `sent_bytes` of it and closes.
    pub(crate) fn server_breaks_off_after(self, body: &[u8], sent_bytes: usize) {
        let (scene, mut connection) = self.connect();
        scene.linger_us(400, 2_500);
        let headers = [("Content-Type", "application/octet-stream")];
        let mut response = head(200, &headers, body.len());
        response.extend(&body[..sent_bytes]);
        connection.sends(scene, Side::Server, &response);
        connection.closes(scene, Side::Server);
        scene.linger_us(2_000, 9_000);
    }

    /// The client reads `read_bytes` of the body and breaks off: the image is the
    /// one that it has already.
    pub(crate) fn client_breaks_off_after(self, body: &[u8], read_bytes: usize) {
        let (scene, mut connection) = self.connect();
        scene.linger_us(400, 2_500);
        let headers = [("Content-Type", "application/octet-stream")];
        let mut response = head(200, &headers, body.len());
        response.extend(&body[..read_bytes]);
        connection.sends(scene, Side::Server, &response);
        connection.resets(scene, Side::Client);
        scene.linger_us(2_000, 9_000);
    }
}

impl<'a> Request<'a> {
    fn connect(self) -> (&'a mut Scene, Connection) {
        let mut connection = self.scene.tcp_connect(self.client, self.server, self.port);
        let mut request = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\nAccept: */*\r\nUser-Agent: {}\r\n",
            self.method, self.target, self.host, self.user_agent
        );
        if !self.body.is_empty() {
            write!(request, "Content-Length: {}\r\n", self.body.len()).unwrap();
        }
        request += "Connection: close\r\n\r\n";
        let bytes = [request.as_bytes(), self.body].concat();
        connection.sends(self.scene, Side::Client, &bytes);
        (self.scene, connection)
    }
}

fn head(status: u16, headers: &[(&str, &str)], length: usize) -> Vec<u8> {
    let reason = match status {
        200 => "OK",
        201 => "Created",
        301 => "Moved Permanently",
        302 => "Found",
        401 => "Unauthorized",
        404 => "Not Found",
        503 => "Service Unavailable",
        other => panic!("no reason phrase for {other}"),
    };
    let mut head = format!(
        "HTTP/1.1 {status} {reason}\r\nServer: nginx\r\nDate: Thu, 15 Jan 2026 09:36:00 GMT\r\n"
    );
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    write!(
        head,
        "Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    head.into_bytes()
}
