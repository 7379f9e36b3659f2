//! Stories about the fold (to be told).
