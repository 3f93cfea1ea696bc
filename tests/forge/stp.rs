//! What a switch port says of its spanning tree.
//!
//! IEEE Std 802.1D-2004 §9.3.3 (rapid spanning tree BPDUs).

use crate::forge::scene::{Host, Mac, Scene, length_u16};

const MULTICAST: Mac = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x00];
const LLC: [u8; 3] = [0x42, 0x42, 0x03];

/// What the port does with frames.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PortState {
    /// Discarding, and asking for leave to forward at once.
    Proposing = 0x0e,
    Learning = 0x1c,
    Forwarding = 0x3c,
}

impl Scene {
    /// A BPDU of a designated port, 12 of its switch, in the tree of all VLANs.
    pub(crate) fn rstp(&mut self, port: &Host, state: PortState) {
        let bridge = [
            &[0x80, 0x01],
            [0x00, 0x1e, 0x14, 0x40, 0x07, 0x00].as_slice(),
        ]
        .concat();
        let mut bpdu = vec![0, 0, 2, 2, state as u8];
        bpdu.extend(&bridge);
        bpdu.extend([0; 4]);
        bpdu.extend(&bridge);
        bpdu.extend([0x80, 0x0c]);
        for secs in [0, 20, 2, 15] {
            bpdu.extend([secs, 0]);
        }
        bpdu.push(0);
        let mut rest = length_u16(LLC.len() + bpdu.len()).to_vec();
        rest.extend(LLC);
        rest.extend(bpdu);
        self.ethernet(port.mac, MULTICAST, None, &rest);
    }
}
