//! Commands that do not end, or do not stop printing.

use std::time::Instant;

use futures_util::future::join_all;

use super::*;

/// Enough for a shell to start and to end on a busy machine.
const SOON: Bounds = Bounds { deadline: Duration::from_secs(3), output: 1 << 16 };
/// For what ends by itself.
const LATER: Bounds = Bounds { deadline: Duration::from_mins(1), output: 1 << 16 };

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Runs a shell's script as a place does, but in the namespace that this is in: it takes no privilege. Processes can be known by `mark`.
async fn sh(script: &str, mark: &str, input: &str, bounds: Bounds) -> Result<Output, CommandError> {
    let child = command(&Cmd::new("sh", ["-c", script]))?.env("MARK", mark).spawn().map_err(CommandError::Start)?;
    finish(child, input.as_bytes(), bounds).await
}

/// Which processes there are that were marked so, by their environment; a zombie has none.
fn marked(mark: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let has_mark = |pid: &String| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == format!("MARK={mark}").as_bytes())
    };
    entries.filter(has_mark).collect()
}

/// Waits until none of them is left.
fn gone(mark: &str) {
    let patience = Instant::now() + Duration::from_secs(30);
    while let [_, ..] = marked(mark)[..] {
        assert!(Instant::now() < patience, "still there: {:?}", marked(mark));
        std::thread::yield_now();
    }
}

#[test]
fn what_does_not_end_or_prints_without_end_is_stopped_with_all_that_it_started() {
    let late = "it did not end within 3 s";
    let held = "it ended, but what it had started did not within 3 s";
    let much = "it printed more than 65536 bytes";
    let cases = [
        ("exec sleep 1000", late),
        ("sleep 1000; true", late),
        ("sleep 1000 & sleep 1000 & wait", late),
        ("exec sleep 1000 <&- >&- 2>&-", late),
        ("echo all is well; exec sleep 1000", late),
        ("trap '' TERM INT HUP; while :; do sleep 1000; done", late),
        ("kill -STOP $$", late),
        ("sleep 1000 & exit 0", held),
        ("(sleep 1000 2>&1 >/dev/null &) ; echo all is well", held),
        ("(trap '' TERM; sleep 1000) & exit 3", held),
        ("exec yes", much),
        ("yes & exit 0", much),
        ("exec yes 1>&2", much),
        ("exec cat /dev/zero", much),
        ("printf 'no line ends here'; exec tr '\\0' x < /dev/zero", much),
        ("trap '' TERM PIPE; yes; sleep 1000", much),
    ];
    let mark = |number: usize| format!("{}-{number}", std::process::id());
    let ended = block(join_all(
        cases
            .iter()
            .enumerate()
            .map(async |(number, (script, why))| sh(script, &mark(number), "", if *why == much { LATER } else { SOON }).await),
    ));
    for (number, ((script, why), ended)) in cases.iter().zip(ended).enumerate() {
        assert_eq!(ended.unwrap_err().to_string(), *why, "{script}");
        gone(&mark(number));
    }
}

#[test]
fn what_ends_is_heard_whole() {
    for (script, input, status, stdout, stderr) in [
        ("echo out; echo err >&2; exit 3", "", 3, "out\n", "err\n"),
        ("cat", "", 0, "", ""),
        ("cat; echo done", "a\nb\n", 0, "a\nb\ndone\n", ""),
        ("read line; echo $?", "", 0, "1\n", ""),
        ("exit 0", "never read", 0, "", ""),
        ("kill -KILL $$", "", 137, "", ""),
        ("kill -TERM $$", "", 143, "", ""),
        ("exec >&-; exec 2>&-; exit 4", "", 4, "", ""),
        ("printf 'a\\377b'", "", 0, "a\u{fffd}b", ""),
        ("sleep 1000 >/dev/null 2>&1 </dev/null & echo on", "", 0, "on\n", ""),
        ("head -c 65536 /dev/zero | tr '\\0' x | wc -c", "", 0, "65536\n", ""),
        ("echo $LC_ALL", "", 0, "C\n", ""),
    ] {
        let output = block(sh(script, "", input, LATER)).unwrap();
        assert_eq!((output.status, output.stdout.as_str(), output.stderr.as_str()), (status, stdout, stderr), "{script}");
    }
}

#[test]
fn as_much_as_is_borne_is_kept() {
    let print = |bytes: usize| block(sh(&format!("head -c {bytes} /dev/zero | tr '\\0' x"), "", "", LATER));
    assert_eq!(print(LATER.output).unwrap().stdout.len(), LATER.output);
    assert!(matches!(print(LATER.output + 1), Err(CommandError::TooMuch(most)) if most == LATER.output));
}

#[test]
fn a_long_input_is_given_to_one_who_prints_as_much() {
    let text = "x".repeat(1 << 19);
    let bounds = Bounds { output: 1 << 20, ..LATER };
    assert_eq!(block(sh("cat; cat >&2", "", &text, bounds)).unwrap().stdout, text);
}

#[test]
fn a_command_that_nobody_waits_for_any_more_is_ended() {
    let mark = format!("{}-dropped", std::process::id());
    block(async {
        let waits = sh("sh -c 'sleep 1000' & exec sleep 1000", &mark, "", LATER);
        let seen = async {
            while marked(&mark).is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            ended = waits => panic!("it ended: {ended:?}"),
            () = seen => {}
        }
    });
    gone(&mark);
}

#[test]
fn a_program_that_is_not_there_is_named_with_its_package() {
    for (program, said) in [
        ("no-such-program", "`no-such-program` is not there"),
        ("/no/such/folder/arp", "it cannot be started"),
        ("/dev/null", "it cannot be started"),
        ("/", "it cannot be started"),
    ] {
        let spawned = command(&Cmd::new(program, [""; 0])).and_then(|mut command| command.spawn().map_err(CommandError::Start));
        assert_eq!(spawned.map(drop).unwrap_err().to_string(), said);
    }
    let missing = CommandError::Missing { program: "arp".to_owned() };
    assert_eq!(missing.to_string(), "`arp` is not there (apt-get install net-tools)");
}
