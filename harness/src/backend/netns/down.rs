//! Taking a lab away, and looking what is still there.

use std::fs;
use std::process;

use crate::backend::Leftovers;
use crate::site::Site;

/// Takes `site` away: with its last descriptor a namespace is gone, and all that is in it. Tells of processes that were started in its
/// places and have not ended.
pub(super) fn down(site: Site) -> Result<(), Leftovers> {
    drop(site);
    let left = processes();
    if left.is_empty() { Ok(()) } else { Err(Leftovers(left)) }
}

/// The processes besides this one in its pid namespace, if that is its own: what it has started, and what that has.
fn processes() -> Vec<String> {
    if process::id() != 1 {
        return Vec::new();
    }
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|number| *number != 1).filter_map(describe).collect()
}

/// Tells of a process; `None` if it has ended, whether or not anybody has asked how (state `Z`, proc(5)).
fn describe(number: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    (!rest.trim_start().starts_with('Z')).then(|| format!("process {number} ({name})"))
}
