//! Files that a user named, whatever they are: nothing here waits for anybody, and nothing is read without an end.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::unistd::{AccessFlags, access};

/// Opens a plain file, whichever symbolic links lead to it.
///
/// # Errors
/// What it is, or why it cannot be opened.
pub(super) fn open_plain(path: &Path) -> Result<File, String> {
    // A pipe that nobody writes to would otherwise be waited for.
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let found = opened.and_then(|file| Ok((file.metadata()?.file_type(), file)));
    match found {
        Ok((kind, file)) if kind.is_file() => Ok(file),
        Ok((kind, _)) => Err(is_not(path, kind, "a file")),
        Err(error) => Err(cannot_read(path, &error)),
    }
}

/// All of a plain file that has at most `most` bytes.
pub(super) fn read_plain(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    // Some files of the kernel's do not tell their length.
    open_plain(path)?.take(most + 1).read_to_end(&mut bytes).map_err(|error| cannot_read(path, &error))?;
    if bytes.len() as u64 > most {
        return Err(format!("{} has more than the {most} bytes that are read; is it the right file?", path.display()));
    }
    Ok(bytes)
}

/// Says what `path` is, if it is no folder.
pub(super) fn expect_folder(path: &Path) -> Result<(), String> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(metadata) => Err(is_not(path, metadata.file_type(), "a folder")),
        Err(error) => Err(cannot_read(path, &error)),
    }
}

/// Says why a file could not be written, and leaves it as it is: a run may have to come first.
pub(super) fn can_write(path: &Path) -> Result<(), String> {
    let why = |why: &str| Err(format!("cannot write {}: {why}", path.display()));
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let tried = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return why("it is a folder"),
        Ok(metadata) if metadata.is_file() => OpenOptions::new().append(true).open(path).map(drop),
        // To open a pipe could be to wait for its reader.
        Ok(_) => access(path, AccessFlags::W_OK).map_err(io::Error::from),
        Err(_) if path.is_symlink() => return why("it is a symbolic link that leads nowhere"),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !parent.exists() => {
            return why(&format!("there is no folder {}", parent.display()));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => File::create_new(path).and_then(|_| fs::remove_file(path)),
        Err(error) => Err(error),
    };
    tried.or_else(|error| why(&error.to_string()))
}

/// What is there in place of what was asked for.
pub(super) fn is_not(path: &Path, kind: FileType, wanted: &str) -> String {
    let found = match kind {
        _ if kind.is_dir() => "a folder",
        _ if kind.is_file() => "a file",
        _ if kind.is_fifo() => "a pipe",
        _ if kind.is_socket() => "a socket",
        _ if kind.is_block_device() || kind.is_char_device() => "a device",
        _ => "something else",
    };
    format!("{} is {found}, not {wanted}", path.display())
}

/// Why a path cannot be read, in words.
pub(super) fn cannot_read(path: &Path, error: &io::Error) -> String {
    let what = match error.raw_os_error() {
        // So a socket is refused (open(2)).
        Some(libc::ENXIO) => return format!("{} is a socket, not a file", path.display()),
        Some(libc::ELOOP) => "its symbolic links lead round in a circle".to_owned(),
        Some(libc::ENOENT) if path.is_symlink() => "it is a symbolic link that leads nowhere".to_owned(),
        Some(libc::ENOENT) => "there is no such file".to_owned(),
        _ => error.to_string(),
    };
    format!("cannot read {}: {what}", path.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;

    use super::*;

    /// A folder with one of everything that is no plain file.
    fn folder() -> (tempfile::TempDir, impl Fn(&str) -> PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        let path = move |name: &str| root.join(name);
        fs::create_dir(path("folder")).unwrap();
        nix::unistd::mkfifo(&path("pipe"), nix::sys::stat::Mode::S_IRUSR | nix::sys::stat::Mode::S_IWUSR).unwrap();
        drop(UnixListener::bind(path("socket")).unwrap());
        symlink("loop", path("loop")).unwrap();
        symlink("nothing", path("dangling")).unwrap();
        symlink("pipe", path("to-pipe")).unwrap();
        fs::write(path("file"), "12345678").unwrap();
        symlink("file", path("to-file")).unwrap();
        fs::write(path("empty"), "").unwrap();
        (folder, path)
    }

    #[test]
    fn what_is_no_file_is_named_and_not_waited_for() {
        let (_folder, path) = folder();
        for (name, said) in [
            ("folder", "is a folder, not a file"),
            ("pipe", "is a pipe, not a file"),
            ("to-pipe", "is a pipe, not a file"),
            ("socket", "is a socket, not a file"),
            ("loop", "its symbolic links lead round in a circle"),
            ("dangling", "it is a symbolic link that leads nowhere"),
            ("missing", "there is no such file"),
            ("file/below", "Not a directory"),
            ("folder/missing/too", "there is no such file"),
            ("/dev/null", "is a device, not a file"),
            ("/dev/zero", "is a device, not a file"),
        ] {
            let error = read_plain(&path(name), 8).unwrap_err();
            assert!(error.contains(said) && error.contains(name), "{name}: {error}");
        }
        for name in ["file", "to-file"] {
            assert_eq!(read_plain(&path(name), 8).unwrap(), b"12345678");
        }
        assert_eq!(read_plain(&path("empty"), 8).unwrap(), b"");
        assert!(read_plain(&path("file"), 7).unwrap_err().contains("more than the 7 bytes"));
        assert!(!read_plain(Path::new("/proc/self/status"), 1 << 20).unwrap().is_empty(), "its length is 0, it says");
    }

    #[test]
    fn what_is_no_folder_is_named() {
        let (_folder, path) = folder();
        for (name, said) in [
            ("file", "is a file, not a folder"),
            ("pipe", "is a pipe, not a folder"),
            ("socket", "is a socket, not a folder"),
            ("/dev/null", "is a device, not a folder"),
            ("loop", "lead round in a circle"),
            ("dangling", "leads nowhere"),
            ("missing", "there is no such file"),
        ] {
            let error = expect_folder(&path(name)).unwrap_err();
            assert!(error.contains(said), "{name}: {error}");
        }
        assert_eq!(expect_folder(&path("folder")), Ok(()));
    }

    #[test]
    fn where_a_report_cannot_go_is_known_before() {
        let (_folder, path) = folder();
        for (name, said) in [
            ("folder", Some("it is a folder")),
            ("missing/report", Some("there is no folder")),
            ("file/report", Some("Not a directory")),
            ("dangling", Some("leads nowhere")),
            ("dangling/report", Some("there is no folder")),
            ("loop", Some("leads nowhere")),
            ("loop/report", Some("symbolic links")),
            ("/proc/report", Some("cannot write /proc/report")),
            ("/sys/kernel/report", Some("cannot write /sys/kernel/report")),
            ("file", None),
            ("report", None),
            ("folder/report", None),
            ("/dev/null", None),
        ] {
            match (can_write(&path(name)), said) {
                (Err(error), Some(said)) => assert!(error.contains(said), "{name}: {error}"),
                (found, said) => assert_eq!((found, said), (Ok(()), None), "{name}"),
            }
        }
        assert!(!path("report").exists(), "looking leaves nothing");
    }
}
