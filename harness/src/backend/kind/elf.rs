//! What an ELF program needs to run, as its headers name it (System V ABI, chapters 4 and 5).

use std::ops::Range;

/// What a program's headers say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needs {
    /// The loader it asks for (`PT_INTERP`); none if it is linked statically.
    pub(super) loader: Option<String>,
    /// The shared libraries it asks for (`DT_NEEDED`), by name.
    pub(super) libraries: Vec<String>,
    /// How much of the file is ever loaded; what follows is for debuggers.
    pub(super) loaded: usize,
}

// Program header types and dynamic tags, figures 5-1 and 5-10.
const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const PT_INTERP: u64 = 3;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;

/// One program header: a part of the file and where it is loaded.
struct Segment {
    kind: u64,
    file: Range<usize>,
    address: u64,
}

/// Reads a 64-bit little-endian ELF file.
///
/// # Errors
/// If it is anything else, or cut short.
pub(super) fn needs(bytes: &[u8]) -> Result<Needs, String> {
    // e_ident: magic, ELFCLASS64, ELFDATA2LSB.
    if !bytes.starts_with(b"\x7fELF\x02\x01") {
        return Err("it is not a 64-bit little-endian ELF file".to_owned());
    }
    let segments = segments(bytes).ok_or("its program headers lie outside the file")?;
    let part = |kind| segments.iter().find(|segment| segment.kind == kind).map(|segment| &bytes[segment.file.clone()]);
    let loader = part(PT_INTERP).map(|name| text(name, 0)).transpose()?;
    let dynamic = part(PT_DYNAMIC).unwrap_or_default();
    let entries: Vec<(u64, u64)> = dynamic.chunks_exact(16).map_while(|entry| Some((number(entry, 0, 8)?, number(entry, 8, 8)?))).collect();
    let mut libraries = Vec::new();
    if let Some((_, strings)) = entries.iter().find(|(tag, _)| *tag == DT_STRTAB) {
        let strings = at(&segments, *strings).ok_or("its string table is not in the file")?;
        for (_, offset) in entries.iter().filter(|(tag, _)| *tag == DT_NEEDED) {
            let offset = usize::try_from(*offset).ok().and_then(|offset| strings.checked_add(offset));
            libraries.push(text(bytes, offset.ok_or("a library's name is not in the file")?)?);
        }
    }
    // A file that is not loaded whole may lose what is behind: section headers and debug sections.
    let used = segments.iter().map(|segment| segment.file.end).max().unwrap_or(bytes.len());
    Ok(Needs { loader, libraries, loaded: used })
}

/// Takes what is never loaded off a program: debug sections, symbols and the section headers that name them.
pub(super) fn strip(bytes: &[u8], needs: &Needs) -> Vec<u8> {
    let mut kept = bytes[..needs.loaded].to_vec();
    // e_shoff, then e_shnum and e_shstrndx: there are no sections any more.
    kept[0x28..0x30].fill(0);
    kept[0x3c..0x40].fill(0);
    kept
}

fn segments(bytes: &[u8]) -> Option<Vec<Segment>> {
    // e_phoff, e_phentsize, e_phnum, figure 4-3.
    let table = usize::try_from(number(bytes, 0x20, 8)?).ok()?;
    let size = usize::try_from(number(bytes, 0x36, 2)?).ok()?;
    let count = usize::try_from(number(bytes, 0x38, 2)?).ok()?;
    let own = 0x40;
    let mut segments = vec![Segment { kind: 0, file: 0..own.max(table.checked_add(size.checked_mul(count)?)?), address: 0 }];
    for index in 0..count {
        let header = bytes.get(table.checked_add(index * size)?..)?;
        let start = usize::try_from(number(header, 0x08, 8)?).ok()?;
        let length = usize::try_from(number(header, 0x20, 8)?).ok()?;
        let file = start..start.checked_add(length)?;
        bytes.get(file.clone())?;
        segments.push(Segment { kind: number(header, 0, 4)?, file, address: number(header, 0x10, 8)? });
    }
    Some(segments).filter(|segments| segments[0].file.end <= bytes.len())
}

/// Where in the file an address is loaded from.
fn at(segments: &[Segment], address: u64) -> Option<usize> {
    segments.iter().filter(|segment| segment.kind == PT_LOAD).find_map(|segment| {
        let offset = usize::try_from(address.checked_sub(segment.address)?).ok()?;
        (offset < segment.file.len()).then_some(segment.file.start + offset)
    })
}

fn number(bytes: &[u8], offset: usize, size: usize) -> Option<u64> {
    let bytes = bytes.get(offset..offset.checked_add(size)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// A text that ends with a zero.
fn text(bytes: &[u8], offset: usize) -> Result<String, String> {
    let rest = bytes.get(offset..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == 0).ok_or("a name in it does not end")?;
    String::from_utf8(rest[..end].to_vec()).map_err(|_| "a name in it is not text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn this_program() -> Vec<u8> {
        std::fs::read("/proc/self/exe").expect("readable")
    }

    #[test]
    fn this_very_program_needs_what_the_loader_mapped() {
        let needs = needs(&this_program()).expect("an ELF file");
        let maps = std::fs::read_to_string("/proc/self/maps").expect("readable");
        for library in &needs.libraries {
            assert!(maps.contains(library.as_str()), "{library} is not among\n{maps}");
        }
        assert_eq!(needs.loader.is_some(), maps.contains("/ld-"));
    }

    #[test]
    fn a_stripped_program_still_runs() {
        use std::os::unix::fs::PermissionsExt as _;
        let bytes = std::fs::read("/bin/true").expect("readable");
        let needs = needs(&bytes).expect("an ELF file");
        let stripped = strip(&bytes, &needs);
        assert!(stripped.len() < bytes.len());
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("true");
        std::fs::write(&path, stripped).expect("writable");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("ours");
        #[expect(clippy::disallowed_methods, reason = "the test is whether it runs")]
        let status = std::process::Command::new(&path).status().expect("it starts");
        assert!(status.success());
    }

    #[test]
    fn what_is_no_program_is_refused() {
        assert!(needs(b"#!/bin/sh\n").is_err());
        let program = this_program();
        for length in [6, 0x20, 0x3f, 0x40, 0x200] {
            assert!(needs(&program[..length]).is_err(), "{length}");
        }
    }
}
