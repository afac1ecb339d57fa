//! Nobody reaches what is another's: every operation of the document, asked by
//! everybody who should not.

mod canaries;
mod fuzzers;
pub mod injections;
mod lists;
mod matrix;
