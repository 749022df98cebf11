//! The device's end of the link: what is heard, what is told, and what is refused.

mod asked;
mod line;
mod misuse;
mod told;
