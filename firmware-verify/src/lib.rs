#![no_std]
pub mod journal;
