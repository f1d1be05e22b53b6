//! Who made a cluster, and whether that run still lives: a lock that the kernel lets go of when its holder is gone, however it went.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// A cluster's name, held by a run that lives.
#[derive(Debug)]
pub(super) struct Claim {
    path: PathBuf,
    /// Held, not used: the lock ends with it.
    lock: Flock<File>,
}

/// What is written in a claim of a cluster that its run makes and deletes.
const MADE: &str = "made\n";
/// What is written in a claim of a cluster that is to outlive its run.
const KEPT: &str = "kept\n";
/// What is written in a claim of a cluster that a run of ours uses and did not make. Whatever else is written there means the same: nothing but
/// the plain word makes a cluster ours to delete.
const LENT: &str = "lent\n";

/// How it stands with a cluster's claim.
#[derive(Debug)]
pub(super) enum Standing {
    /// A run holds it.
    Held,
    /// The run that held it is gone; now it is ours.
    Gone(Claim),
    /// The run that held it meant the cluster to stay; now it is ours.
    Kept(Claim),
    /// The run that held it is gone, and had not made the cluster: only pods in it may be ours.
    Lent(Claim),
    /// Nobody ever claimed it here.
    Unknown,
}

impl Claim {
    /// Claims the cluster's name, in this folder of claims.
    ///
    /// # Errors
    /// `WouldBlock` if another run holds it; what the system says if the folder cannot be written.
    pub(super) fn take(folder: &Path, cluster: &str) -> io::Result<Self> {
        let mut claim = Self::hold(folder, cluster)?;
        claim.note(MADE)?;
        Ok(claim)
    }

    /// Holds the name of a cluster that stands already, whoever made it, for as long as the claim lives; what is noted of it stays noted. Runs
    /// of other users, who keep their claims elsewhere, are not seen.
    ///
    /// # Errors
    /// As [`Claim::take`].
    pub(super) fn borrow(folder: &Path, cluster: &str) -> io::Result<Lent> {
        let mut claim = Self::hold(folder, cluster)?;
        let ours = [MADE, KEPT].contains(&claim.noted()?.as_str());
        if !ours {
            claim.note(LENT)?;
        }
        Ok(Lent { claim, ours })
    }

    /// Opens and locks the file, which may be new.
    fn hold(folder: &Path, cluster: &str) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(cluster);
        loop {
            let claim = Self { lock: lock(OpenOptions::new().create(true).append(true).open(&path)?)?, path: path.clone() };
            if claim.is_there()? {
                return Ok(claim);
            }
        }
    }

    /// Whether the file that is locked still has its name: whoever held it before may have given that up after it was opened here.
    fn is_there(&self) -> io::Result<bool> {
        match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            named => Ok(named?.ino() == self.lock.metadata()?.ino()),
        }
    }

    fn noted(&self) -> io::Result<String> {
        std::fs::read_to_string(&self.path)
    }

    /// How it stands with the claim to a cluster.
    pub(super) fn standing(folder: &Path, cluster: &str) -> io::Result<Standing> {
        let path = folder.join(cluster);
        let file = match OpenOptions::new().append(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Unknown),
            other => other?,
        };
        let lock = match lock(file) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Standing::Held),
            other => other?,
        };
        let claim = Self { path, lock };
        if !claim.is_there()? {
            return Ok(Standing::Unknown);
        }
        Ok(match claim.noted()?.as_str() {
            MADE => Standing::Gone(claim),
            KEPT => Standing::Kept(claim),
            _ => Standing::Lent(claim),
        })
    }

    /// Notes that the cluster is to outlive this run.
    pub(super) fn keep(&mut self) -> io::Result<()> {
        self.note(KEPT)
    }

    fn note(&mut self, what: &str) -> io::Result<()> {
        self.lock.set_len(0)?;
        self.lock.write_all(what.as_bytes())
    }

    /// Gives the name up: there is no such cluster any more.
    pub(super) fn release(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

/// A claim to a cluster that was there before.
#[derive(Debug)]
pub(super) struct Lent {
    claim: Claim,
    /// An earlier run of this user made it.
    ours: bool,
}

impl Lent {
    /// Notes that the cluster is to stay, if it is one that a run of ours made.
    pub(super) fn keep(&mut self) -> io::Result<()> {
        if self.ours { self.claim.keep() } else { Ok(()) }
    }

    /// Gives the name back, with nothing of ours left in the cluster but what is to stay there.
    pub(super) fn give_back(self) {
        if !self.ours {
            // Left behind it does no harm: only what is ours would be looked for in the cluster.
            let _ = self.claim.release();
        }
    }
}

fn lock(file: File) -> io::Result<Flock<File>> {
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
        Errno::EWOULDBLOCK => io::ErrorKind::WouldBlock.into(),
        other => other.into(),
    })
}

/// Where claims are kept: in the user's state folder (XDG Base Directory Specification), or where there is none, under `/var/tmp`.
pub(super) fn usual_folder() -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    state.unwrap_or_else(|| PathBuf::from("/var/tmp")).join("cnilab/clusters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_lasts_as_long_as_its_holder() {
        let folder = tempfile::tempdir().expect("a folder");
        let standing = || Claim::standing(folder.path(), "c").expect("readable");
        assert!(matches!(standing(), Standing::Unknown));
        let claim = Claim::take(folder.path(), "c").expect("free");
        assert!(matches!(standing(), Standing::Held));
        assert_eq!(Claim::take(folder.path(), "c").expect_err("held").kind(), io::ErrorKind::WouldBlock);
        drop(claim);
        let Standing::Gone(claim) = standing() else { panic!("its holder is gone") };
        claim.release().expect("ours");
        assert!(matches!(standing(), Standing::Unknown));
    }

    #[test]
    fn what_is_borrowed_is_given_back_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let standing = || Claim::standing(folder.path(), "c").expect("readable");
        let lent = Claim::borrow(folder.path(), "c").expect("free");
        assert!(matches!(standing(), Standing::Held));
        lent.give_back();
        assert!(matches!(standing(), Standing::Unknown));
        // Its run was killed, whatever the cluster is called; the next one gives it back.
        drop(Claim::borrow(folder.path(), "c").expect("free"));
        assert!(matches!(standing(), Standing::Lent(_)));
        Claim::borrow(folder.path(), "c").expect("free").give_back();
        assert!(matches!(standing(), Standing::Unknown));
        Claim::take(folder.path(), "c").expect("free").keep().expect("writable");
        Claim::borrow(folder.path(), "c").expect("free").give_back();
        assert!(matches!(standing(), Standing::Kept(_)));
        // A run that was killed made it, and another one is to keep it.
        drop(Claim::take(folder.path(), "c").expect("free"));
        Claim::borrow(folder.path(), "c").expect("free").keep().expect("writable");
        assert!(matches!(standing(), Standing::Kept(_)));
    }

    #[test]
    fn a_cluster_of_which_nothing_is_noted_is_not_ours_to_delete() {
        let folder = tempfile::tempdir().expect("a folder");
        // The disk was full, or the run was killed between two system calls.
        std::fs::write(folder.path().join("c"), "").expect("writable");
        assert!(matches!(Claim::standing(folder.path(), "c").expect("readable"), Standing::Lent(_)));
        Claim::borrow(folder.path(), "c").expect("free").give_back();
        assert!(matches!(Claim::standing(folder.path(), "c").expect("readable"), Standing::Unknown));
    }

    #[test]
    fn a_kept_cluster_s_claim_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        Claim::take(folder.path(), "c").expect("free").keep().expect("writable");
        let Standing::Kept(claim) = Claim::standing(folder.path(), "c").expect("readable") else { panic!("it is kept") };
        drop(claim);
        drop(Claim::take(folder.path(), "c").expect("free"));
        assert!(matches!(Claim::standing(folder.path(), "c").expect("readable"), Standing::Gone(_)));
    }
}
