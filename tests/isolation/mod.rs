//! Nobody reaches what is another's.
