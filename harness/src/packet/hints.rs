//! Which UDP ports carry what.

/// What a UDP datagram carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carries {
    /// A bare IP packet, version 4 or 6 by its first nibble, as flannel's udp backend sends it.
    Ip,
    /// VXLAN (RFC 7348).
    Vxlan,
}

/// Which UDP ports carry what: a datagram from or to such a port is taken apart further.
///
/// By default VXLAN on 4789 (RFC 7348 section 8) and on 8472, the port that Linux used before there was a number for it
/// (`drivers/net/vxlan/vxlan_core.c`) and that flannel still uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hints {
    /// Few, so they are searched in order.
    ports: Vec<(u16, Carries)>,
}

/// Why a hint cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HintError {
    /// It is not of the form `udp/PORT=WHAT`.
    #[error("`{0}` is not of the form udp/PORT=ip or udp/PORT=vxlan")]
    Form(String),
    /// The port is not a number from 1 to 65535.
    #[error("`{0}` is not a port")]
    Port(String),
    /// Nothing is known of what it says the port carries.
    #[error("`{0}` is not known; a port carries ip or vxlan")]
    Carries(String),
}

impl Default for Hints {
    fn default() -> Self {
        Self { ports: vec![(4789, Carries::Vxlan), (8472, Carries::Vxlan)] }
    }
}

impl Hints {
    /// Hints that know no port at all.
    pub fn none() -> Self {
        Self { ports: Vec::new() }
    }

    /// Reads one hint as the command line and labs spell it: `udp/8285=ip`, `udp/4790=vxlan`.
    ///
    /// ```
    /// use cnilab::packet::{Carries, Hints};
    ///
    /// let mut hints = Hints::default();
    /// let (port, carries) = Hints::parse("udp/8285=ip")?;
    /// hints.add(port, carries);
    /// assert_eq!(hints.carries(40_000, 8285), Some(Carries::Ip));
    /// # Ok::<(), cnilab::packet::HintError>(())
    /// ```
    pub fn parse(spec: &str) -> Result<(u16, Carries), HintError> {
        let form = || HintError::Form(spec.to_owned());
        let (port, carries) = spec.strip_prefix("udp/").ok_or_else(form)?.split_once('=').ok_or_else(form)?;
        let number = port.parse().ok().filter(|port| *port != 0).ok_or_else(|| HintError::Port(port.to_owned()))?;
        let carries = match carries {
            "ip" => Carries::Ip,
            "vxlan" => Carries::Vxlan,
            other => return Err(HintError::Carries(other.to_owned())),
        };
        Ok((number, carries))
    }

    /// Says what `port` carries; what was said of it before no longer counts.
    pub fn add(&mut self, port: u16, carries: Carries) {
        self.ports.retain(|(known, _)| *known != port);
        self.ports.push((port, carries));
    }

    /// What a datagram between these two ports carries.
    pub fn carries(&self, source: u16, destination: u16) -> Option<Carries> {
        self.ports.iter().find(|(port, _)| *port == destination || *port == source).map(|(_, carries)| *carries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_read_or_says_what_is_wrong() {
        assert_eq!(Hints::parse("udp/8285=ip"), Ok((8285, Carries::Ip)));
        assert_eq!(Hints::parse("udp/51820=vxlan"), Ok((51820, Carries::Vxlan)));
        for (spec, message) in [
            ("tcp/80=ip", "`tcp/80=ip` is not of the form udp/PORT=ip or udp/PORT=vxlan"),
            ("udp/80", "`udp/80` is not of the form udp/PORT=ip or udp/PORT=vxlan"),
            ("udp/0=ip", "`0` is not a port"),
            ("udp/65536=ip", "`65536` is not a port"),
            ("udp/80=gre", "`gre` is not known; a port carries ip or vxlan"),
        ] {
            assert_eq!(Hints::parse(spec).expect_err(spec).to_string(), message);
        }
    }

    #[test]
    fn the_last_word_on_a_port_counts() {
        let mut hints = Hints::default();
        assert_eq!(hints.carries(4789, 1), Some(Carries::Vxlan));
        hints.add(4789, Carries::Ip);
        assert_eq!(hints.carries(1, 4789), Some(Carries::Ip));
        assert_eq!(hints.carries(1, 8285), None);
        assert_eq!(Hints::none().carries(1, 4789), None);
    }
}
