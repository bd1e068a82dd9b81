//! The tongues: each translates one vendor's HTTP form into operations and back, and holds that vendor's words. Dialects do not know each other.

pub mod appmixer;
pub mod contract;
pub mod fullfinity;
pub mod house;
pub mod robostack;

/// All of them; the first whose route fits answers.
pub const DIALECTS: [&contract::Dialect; 4] = [&house::HOUSE, &robostack::ROBOSTACK, &fullfinity::FULLFINITY, &appmixer::APPMIXER];
