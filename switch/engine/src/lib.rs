//! (to be opened)
