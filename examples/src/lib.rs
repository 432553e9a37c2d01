//! Example programs, one file each, beside this folder.
