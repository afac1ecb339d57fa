//! Nothing but features. Cargo unites those of the packages that it builds at once, so
//! the same crate is compiled anew for every other choice of packages. Where this
//! package is among them, programs that are built alone share all crates with the
//! tests. Never part of an optimised build.
