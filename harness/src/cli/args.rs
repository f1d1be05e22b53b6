//! The arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::backend::kind::Capture;

/// What is read from the environment besides the options that say so.
const ENVIRONMENT: &str = "\
Environment:
  CNILAB_LABS          the folder of labs [default: the nearest `labs` from here upwards]
  CNILAB_SET_IMAGE     as --set-image, with commas: OLD=NEW,OLD=NEW
  CNILAB_OFFLINE_DIR   as --offline-dir
  DOCKER_HOST          the Docker daemon [default: its usual socket]
  NO_COLOR             no colours, if it is set and not empty
  XDG_STATE_HOME       where it is noted which clusters are ours [default: ~/.local/state]
  PATH                 where programs are looked up; /usr/local/sbin, /usr/sbin and /sbin come behind it";

/// What every help page ends with.
const EXIT_CODES: &str = "\
Exit codes: 0 all held · 1 something broken · 2 bad input · 3 this host cannot · 4 inconclusive · 5 harness fault or leftovers · 130 interrupted";

/// A documented packet capture is a test.
///
/// cnilab brings a network lab up, captures at every interface on a packet's path, sends one marked packet, and asserts that the headers
/// it saw are the ones that a document printed.
#[derive(Debug, Parser)]
#[command(name = "cnilab", version, max_term_width = 120, after_help = EXIT_CODES, after_long_help = format!("\
Examples:
  cnilab list                             the labs there are
  cnilab run calico-ipip                  run one, here and now, in network namespaces
  cnilab run calico-ipip --scenario '*another node*' -v
  cnilab judge evidence/calico-ipip-…     judge a recorded run again: no root, no lab
  cnilab diff evidence/one evidence/other two runs of a lab, hop by hop: what differs, and why
  cnilab show capture.pcapng              what tcpdump -enn -r prints; --tree for layer by layer
  cnilab doctor                           what this host can prove, and what it cannot

{ENVIRONMENT}

{EXIT_CODES}"))]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a lab: bring it up, capture, probe, judge, take it down.
    #[command(after_long_help = "\
Examples:
  cnilab run calico-ipip                              the lab under labs/calico-ipip
  cnilab run ./my-lab.yaml --evidence /tmp/e          a lab of your own, its evidence where you say
  cnilab run calico-ipip --format junit=out.xml --format terminal
  cnilab run calico-ipip --mutate reply-dropped       break it on purpose: does the lab notice?
  cnilab run calico-ipip --keep                       look around in it afterwards; Ctrl-C ends it
  cnilab run flannel-udp --backend kind --keep        the same lab on a real cluster, which stays
  cnilab run flannel-udp --backend kind --reuse NAME  again on that cluster, in seconds")]
    Run(Box<Run>),
    /// Judge a recorded run again; needs neither root nor the lab.
    Judge(Judge),
    /// Report a recorded run; the same as `judge`, but always exits 0 when the report could be written.
    Report(Judge),
    /// Hold two recorded runs of one lab against each other, hop by hop; needs neither root nor the lab.
    #[command(after_long_help = "\
Says of every difference whether the lab explains it, and by what. Addresses that stand for the same name are the same, and numbers that
differ from run to run must stand for each other one to one.

Exit codes: 0 nothing differs that is not explained · 1 something does · 2 not two runs of one lab · 4 something could not be compared

Examples:
  cnilab diff evidence/calico-ipip-… evidence/calico-ipip-…      is the stand-in a true copy of the real thing?
  cnilab diff evidence/old evidence/new -q                        only what differs
  cnilab diff evidence/old evidence/new --format json=diff.json")]
    Diff(Diff),
    /// Break a lab on purpose, one mutation after another, and see that each is noticed.
    #[command(after_long_help = "\
A lab that cannot fail proves nothing. `mutations.yaml` beside a lab lists ways to break it, and for each the expectation that must notice.
Each mutation is one run; the table says what noticed it. Exits 0 if none went unnoticed.")]
    Mutate(Box<Mutate>),
    /// Find clusters that runs left behind, and take them away.
    Sweep {
        /// Only list them.
        #[arg(long)]
        list: bool,
    },
    /// List the labs.
    List,
    /// Show what a lab would build, capture and assert; builds nothing.
    Plan {
        /// A name under labs/, or a path.
        lab: PathBuf,
    },
    /// Check lab files: all problems at once, each with file, line and column; builds nothing.
    Check {
        /// Names under labs/, or paths.
        #[arg(required = true)]
        labs: Vec<PathBuf>,
    },
    /// Print a capture as `tcpdump -enn -r` does, without time stamps.
    #[command(after_long_help = "\
Examples:
  cnilab show node1.pcapng
  cnilab show flannel.pcap --decode udp/8285=ip       look into a tunnel that tcpdump does not know
  cnilab show node1.pcapng --tree                     layer by layer")]
    Show(Show),
    /// Say what this host can prove and what it cannot, per lab and backend, with the remedy.
    #[command(after_long_help = "\
Exit codes: 0 every lab that was named (or that there is) can be proven here · 2 bad input · 3 some cannot

Examples:
  cnilab doctor                                   all labs under labs/, on every backend
  cnilab doctor flannel-udp                       all that this lab needs: programs, tunnels, images
  cnilab doctor flannel-udp --backend kind --online")]
    Doctor(Box<Doctor>),
    /// Print the JSON schema of lab files.
    Schema,
    /// Print a completion script.
    Completions {
        /// For which shell.
        shell: Shell,
    },
    /// What runs in the pods of a real cluster: a server, a client and a ping.
    #[command(subcommand, hide = true)]
    Nettool(crate::nettool::Tool),
    /// The process that holds an embedded lab; started by `run`, not by people.
    #[command(hide = true)]
    Enclosed {
        /// The second stage, inside the namespaces.
        #[arg(long)]
        inner: bool,
    },
}

/// Where a lab is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum BackendName {
    /// Network namespaces of this machine.
    Netns,
    /// A kind cluster (Docker).
    Kind,
    /// An existing cluster.
    Cluster,
}

impl BackendName {
    /// What evidence calls it.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Netns => "netns",
            Self::Kind => "kind",
            Self::Cluster => "cluster",
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Run {
    /// A name under labs/, or a path.
    pub(super) lab: PathBuf,
    /// Where to build it.
    #[arg(long, value_enum, default_value = "netns")]
    pub(super) backend: BackendName,
    /// Only the scenarios whose name matches (`*` stands for any letters); may be given several times.
    #[arg(long, value_name = "GLOB")]
    pub(super) scenario: Vec<String>,
    /// Leave the lab up afterwards, and say how to enter it: in namespaces until Ctrl-C, a cluster until it is deleted.
    #[arg(long)]
    pub(super) keep: bool,
    /// The evidence folder; must not exist yet, or be empty [default: evidence/LAB-RUN].
    #[arg(long, value_name = "DIR")]
    pub(super) evidence: Option<PathBuf>,
    /// Keep this many bytes of each frame; 0 keeps all.
    #[arg(long, value_name = "BYTES", default_value_t = 256)]
    pub(super) snaplen: u32,
    #[command(flatten)]
    pub(super) cluster: Cluster,
    /// Break the lab on purpose: a name out of the lab's mutations.yaml.
    #[arg(long, value_name = "NAME")]
    pub(super) mutate: Option<String>,
    #[command(flatten)]
    pub(super) output: Output,
}

/// What is chosen about a kind cluster.
#[derive(Debug, Args)]
#[command(next_help_heading = "With --backend kind")]
pub(super) struct Cluster {
    /// A kind cluster that has this CNI already, for example one that was kept: it is used and stays, what is ours in it goes.
    #[arg(long, value_name = "CLUSTER", conflicts_with_all = ["cni_version", "node_image"])]
    pub(super) reuse: Option<String>,
    #[command(flatten)]
    pub(super) make: Make,
    /// An image for the pods in place of our own nettool.
    #[arg(long, value_name = "IMAGE")]
    pub(super) pod_image: Option<String>,
    /// What captures in nodes and pods.
    #[arg(long, value_enum, default_value = "sockets")]
    pub(super) capture: Capture,
}

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Names under labs/, or paths [default: all under labs/].
    pub(super) labs: Vec<PathBuf>,
    /// Look at this backend alone; the exit code is about it [default: netns and kind are looked at, the exit code is about netns].
    #[arg(long, value_enum)]
    pub(super) backend: Option<BackendName>,
    /// Ask registries and publishers whether they have the images and manifests that this host lacks; without it no server is asked.
    #[arg(long)]
    pub(super) online: bool,
    #[command(flatten)]
    pub(super) make: Make,
}

/// What is chosen about making a cluster.
#[derive(Debug, Args)]
#[command(next_help_heading = "With --backend kind")]
pub(super) struct Make {
    /// The CNI's version [default: the recipe's].
    #[arg(long, value_name = "VERSION")]
    pub(super) cni_version: Option<String>,
    /// The image of the cluster's nodes [default: the recipe's].
    #[arg(long, value_name = "IMAGE")]
    pub(super) node_image: Option<String>,
    /// An image that stands in for one that a manifest names; may be given several times.
    #[arg(long, value_name = "OLD=NEW", env = "CNILAB_SET_IMAGE", value_delimiter = ',', value_parser = pair)]
    pub(super) set_image: Vec<(String, String)>,
    /// Take manifests from here, by their checksums, and images from archives (`docker save`, *.tar), and download nothing.
    #[arg(long, value_name = "DIR", env = "CNILAB_OFFLINE_DIR")]
    pub(super) offline_dir: Option<PathBuf>,
}

/// Two words around a `=`.
fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=').map(|(old, new)| (old.to_owned(), new.to_owned())).ok_or_else(|| format!("`{text}` has no `=`"))
}

#[derive(Debug, Args)]
pub(super) struct Judge {
    /// The evidence folder.
    pub(super) folder: PathBuf,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The evidence folder of a run.
    #[arg(value_name = "EVIDENCE")]
    pub(super) one: PathBuf,
    /// That of another run of the same lab.
    #[arg(value_name = "EVIDENCE")]
    pub(super) other: PathBuf,
    /// `terminal` or `json`, with `=FILE` into a file; may be given several times [default: terminal].
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = not_junit)]
    pub(super) format: Vec<Format>,
    /// Only what differs, or could not be compared.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Every pair of packets and lines, those that are the same, too.
    #[arg(short, long)]
    pub(super) verbose: bool,
}

/// A format that a comparison has.
fn not_junit(text: &str) -> Result<Format, String> {
    let format: Format = text.parse()?;
    if format.kind == FormatKind::Junit {
        Err("two runs side by side are no test; there are terminal and json".to_owned())
    } else {
        Ok(format)
    }
}

#[derive(Debug, Args)]
pub(super) struct Mutate {
    /// A name under labs/, or a path.
    pub(super) lab: PathBuf,
    /// Where to build it: a lab for every mutation in network namespaces, or one cluster for all that can be taken back.
    #[arg(long, value_enum, default_value = "netns")]
    pub(super) backend: BackendName,
    #[command(flatten)]
    pub(super) cluster: Cluster,
    /// Only list the mutations, and what each must break; builds nothing.
    #[arg(long)]
    pub(super) list: bool,
    /// Only the mutations whose name matches (`*` stands for any letters).
    #[arg(long, value_name = "GLOB")]
    pub(super) only: Vec<String>,
    /// Keep the evidence folders of all mutations under this one [default: only of those that went unnoticed].
    #[arg(long, value_name = "DIR")]
    pub(super) evidence: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// A pcap or pcapng file; `-` is standard input.
    pub(super) file: PathBuf,
    /// Layer by layer, one indented line each.
    #[arg(long)]
    pub(super) tree: bool,
    /// As `tcpdump -v`: with the IP header's fields.
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// What a UDP port carries, e.g. `udp/8285=ip`; may be given several times.
    #[arg(long, value_name = "udp/PORT=WHAT")]
    pub(super) decode: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Output {
    /// `terminal`, `json` or `junit`, with `=FILE` into a file; may be given several times [default: terminal].
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub(super) format: Vec<Format>,
    /// Only what did not hold.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Every documented line, and the time each phase took.
    #[arg(short, long)]
    pub(super) verbose: bool,
}

/// A report format and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) kind: FormatKind,
    /// Standard output if absent.
    pub(super) file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormatKind {
    Terminal,
    Json,
    Junit,
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, file) = text.split_once('=').map_or((text, None), |(kind, file)| (kind, Some(PathBuf::from(file))));
        let kind = match kind {
            "terminal" => FormatKind::Terminal,
            "json" => FormatKind::Json,
            "junit" => FormatKind::Junit,
            other => return Err(format!("`{other}` is no report format; there are terminal, json and junit")),
        };
        Ok(Self { kind, file })
    }
}
