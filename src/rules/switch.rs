//! The switch port that a phone hangs on, as it announces itself, and the words that
//! its maker has for what a remedy needs.

use phoneboot_parsers::{WireText, lldp};

use crate::session::Boot;

/// How makers write things: what their CDP or LLDP says, then the commands. `{port}`
/// stands for the port's name.
struct Maker {
    /// In lower case; one of them is enough.
    said: &'static [&'static str],
    edge_port: &'static str,
    mac_bypass: &'static str,
}

/// The first row that fits wins.
const MAKERS: &[Maker] = &[
    Maker {
        said: &["aos-cx", "arubaos-cx"],
        edge_port: "interface {port}, spanning-tree port-type admin-edge",
        mac_bypass: "interface {port}, aaa authentication port-access mac-auth enable",
    },
    Maker {
        said: &["procurve", "aruba", "hp j", "hewlett"],
        edge_port: "spanning-tree {port} admin-edge-port",
        mac_bypass: "aaa port-access mac-based {port}",
    },
    Maker {
        said: &["juniper", "junos"],
        edge_port: "set protocols rstp interface {port} edge",
        mac_bypass: "set protocols dot1x authenticator interface {port} mac-radius",
    },
    Maker {
        said: &["comware", "h3c", "3com"],
        edge_port: "interface {port}, stp edged-port",
        mac_bypass: "interface {port}, mac-authentication",
    },
    Maker {
        said: &["huawei", "versatile routing"],
        edge_port: "interface {port}, stp edged-port enable",
        mac_bypass: "interface {port}, mac-authen",
    },
    Maker {
        said: &["cisco", "catalyst", "arista", "dell"],
        edge_port: "interface {port}, spanning-tree portfast",
        mac_bypass: "interface {port}, mab",
    },
];

/// What is known of the switch port.
pub(super) struct Port {
    /// Its name; `None` when no switch announced itself.
    pub(super) name: Option<String>,
    maker: Option<&'static Maker>,
}

impl Port {
    /// The port of the switch that announced itself last.
    pub(super) fn of(boot: &Boot) -> Self {
        let cdp = boot.link.switch_cdp.last().map(|last| &last.first.value);
        let lldp = boot.link.switch_lldp.last().map(|last| &last.first.value);
        let by_cdp = cdp.and_then(|said| said.port_id.as_ref()).map(text);
        let by_lldp = lldp.and_then(|said| said.port_id.as_ref()).map(id_text);
        let said: String = [
            cdp.and_then(|said| said.platform.as_ref()),
            cdp.and_then(|said| said.software.as_ref()),
            lldp.and_then(|said| said.system_description.as_ref()),
        ]
        .into_iter()
        .flatten()
        .map(|words| text(words).to_lowercase())
        .collect();
        Self {
            name: by_cdp.or(by_lldp),
            maker: MAKERS
                .iter()
                .find(|maker| maker.said.iter().any(|word| said.contains(word))),
        }
    }

    /// `switch port Gi1/0/7`, as far as it is known.
    pub(super) fn words(&self) -> String {
        self.name.as_ref().map_or_else(
            || "the switch port".to_owned(),
            |name| format!("port {name}"),
        )
    }

    /// How to make it an edge port.
    pub(super) fn edge_port(&self) -> String {
        self.command(|maker| maker.edge_port).unwrap_or_else(|| {
            "`spanning-tree portfast` on Cisco, `admin-edge-port` on Aruba, `edge` on Juniper"
                .to_owned()
        })
    }

    /// How to let a phone in by its MAC address.
    pub(super) fn mac_bypass(&self) -> String {
        self.command(|maker| maker.mac_bypass).unwrap_or_else(|| {
            "`mab` on Cisco, `aaa port-access mac-based` on Aruba, `mac-radius` on Juniper"
                .to_owned()
        })
    }

    fn command(&self, of: impl Fn(&Maker) -> &'static str) -> Option<String> {
        let name = self.name.as_deref().unwrap_or("<port>");
        let lines = of(self.maker?).replace("{port}", name);
        let lines: Vec<String> = lines.split(", ").map(|line| format!("`{line}`")).collect();
        Some(lines.join(", "))
    }
}

fn text(words: &WireText) -> String {
    words.to_string()
}

fn id_text(id: &lldp::Id) -> String {
    id.value.to_text()
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::cdp;

    use super::*;
    use crate::session::testing::BootBuilder;

    #[test]
    fn speaks_the_language_of_the_switch() {
        let switch = cdp::Message {
            port_id: Some("GigabitEthernet1/0/7".into()),
            platform: Some("cisco WS-C2960X-48FPS-L".into()),
            ..cdp::Message::default()
        };
        let port = Port::of(&BootBuilder::new().switch_cdp(switch.clone()).build());
        assert_eq!(port.words(), "port GigabitEthernet1/0/7");
        assert_eq!(
            port.edge_port(),
            "`interface GigabitEthernet1/0/7`, `spanning-tree portfast`"
        );
        let aruba = cdp::Message {
            port_id: Some("7".into()),
            platform: Some("HP J9773A 2530-24G-PoEP Switch".into()),
            ..switch
        };
        let port = Port::of(&BootBuilder::new().switch_cdp(aruba).build());
        assert_eq!(port.edge_port(), "`spanning-tree 7 admin-edge-port`");
        assert_eq!(port.mac_bypass(), "`aaa port-access mac-based 7`");
    }

    #[test]
    fn names_several_where_the_switch_says_nothing() {
        let port = Port::of(&BootBuilder::new().build());
        assert_eq!(port.words(), "the switch port");
        assert!(port.edge_port().contains("portfast"));
        assert!(port.mac_bypass().contains("`mab`"));
    }
}
