//! Names: one type for each kind of name, so that a node is never taken for a point.
//!
//! In: text that a lab or a command line holds. Out: newtypes that keep what they were checked for.
//! Never: looks anything up.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

names! {
    /// A node, a pod or an outside client: somewhere commands run and interfaces live.
    PlaceName;
    /// A place and one of its interfaces, as labs spell it: `pod1/eth0`, `node1/veth(pod1)`, `node1/tunl0`, `node1/underlay`.
    PointName;
    /// What a documented literal stands for: `pod1.ip`, `node1.underlay.mac`, `cali.mac`.
    Symbol;
}

impl PointName {
    /// The point called `interface` at `place`.
    pub fn at(place: &PlaceName, interface: &str) -> Self {
        Self(format!("{place}/{interface}"))
    }

    /// The place: what stands before the first `/`.
    pub fn place(&self) -> PlaceName {
        PlaceName::new(self.0.split('/').next().unwrap_or_default())
    }

    /// The interface as the lab calls it: what stands behind the first `/` (`veth(pod1)`, `tunl0`, `underlay`).
    pub fn interface(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, interface)| interface)
    }
}

/// Sixteen bytes of our own choosing that a probe carries in its payload, by which its packets are found again at every hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Token(pub [u8; 16]);

impl Token {
    /// A token for `purpose` in the run `run`: the same words give the same token, other words another one.
    pub fn derive(run: &str, purpose: &str) -> Self {
        use sha1::{Digest, Sha1};
        let digest = Sha1::new().chain_update(run).chain_update([0]).chain_update(purpose).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(bytes)
    }

    /// The token of 32 hexadecimal digits; `None` if they are not that.
    pub fn of_hex(digits: &str) -> Option<Self> {
        let whole = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        whole.then(|| u128::from_str_radix(digits, 16).ok()).flatten().map(|number| Self(number.to_be_bytes()))
    }

    /// Its 32 hexadecimal digits, as text carries it.
    pub fn hex(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }
}
