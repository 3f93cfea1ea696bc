//! `phoneboot interfaces`: where one could capture, and what right is missing.

use std::io::{self, Write};

use comfy_table::{Table, presets};

use crate::capture::live::{self, Interface, Permission};
use crate::error::{Error, Exit};

use super::to_output;

pub(super) fn run(out: &mut dyn Write) -> Result<Exit, Error> {
    let interfaces = live::interfaces()?;
    let permission = live::permission(&interfaces)?;
    list(&interfaces, out).map_err(to_output)?;
    writeln!(out).map_err(to_output)?;
    tell(&permission, out).map_err(to_output)?;
    Ok(Exit::Clean)
}

fn list(interfaces: &[Interface], out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["interface", "state", "addresses", "description"]);
    for interface in interfaces {
        let addresses: Vec<String> = interface
            .addresses
            .iter()
            .map(ToString::to_string)
            .collect();
        table.add_row([
            interface.name.clone(),
            state(interface).to_owned(),
            addresses.join("\n"),
            interface.description.clone().unwrap_or_default(),
        ]);
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn state(interface: &Interface) -> &'static str {
    match (interface.loopback, interface.up, interface.running) {
        (true, _, _) => "loopback",
        (false, false, _) => "down",
        (false, true, false) => "no link",
        (false, true, true) => "up",
    }
}

fn tell(permission: &Permission, out: &mut dyn Write) -> io::Result<()> {
    match permission {
        Permission::Granted => writeln!(out, "Capture is allowed."),
        Permission::Missing { right, remedy } => {
            writeln!(out, "Capture is not allowed: {right} is missing.")?;
            writeln!(out, "  {remedy}")
        }
        Permission::Refused { reason } => writeln!(out, "Capture does not work: {reason}"),
    }
}
