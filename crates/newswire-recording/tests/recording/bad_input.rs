//! Lines that are no good: each gives one clear error with its place, or a defined result.
