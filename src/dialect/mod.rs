//! The tongues: each translates one vendor's HTTP form into operations and back, and holds that vendor's words. Dialects do not know each other.

pub mod appmixer;
pub mod concord;
pub mod contract;
pub mod fullfinity;
pub mod house;
pub mod robostack;
pub mod which_app;

/// All of them; the first whose route fits answers. The last has addresses of any name.
pub const DIALECTS: [&contract::Dialect; 5] =
    [&house::HOUSE, &robostack::ROBOSTACK, &fullfinity::FULLFINITY, &appmixer::APPMIXER, &concord::CONCORD];
