//! Manifests of other projects: known by their hash, from wherever they are to be had.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kube::{Client, Config};
use sha2::{Digest, Sha256};

use super::error::RecipeError;
use crate::fault::in_words;

/// No manifest is larger; the largest known has 0.7 MB.
const LARGEST: u64 = 8 * 1024 * 1024;
/// A server that is to be had answers by then.
const ANSWER: Duration = Duration::from_secs(5);
/// A download that has not ended by then is given up.
const PATIENCE: Duration = Duration::from_mins(1);

/// The manifest published at `url`: a file of `offline` with that hash, whatever its name, or else a download.
///
/// # Errors
/// If neither is to be had, or what was downloaded has another hash. With a folder `offline` nothing is ever downloaded.
pub(super) async fn fetch(url: &str, sha256: &str, offline: Option<&Path>) -> Result<String, RecipeError> {
    if let Some(folder) = offline {
        return local(folder, sha256)?.ok_or_else(|| RecipeError::Fetch {
            url: url.to_owned(),
            why: format!("no file in {} has the SHA-256 {sha256}; download it there on a machine that can", folder.display()),
        });
    }
    let text = downloaded(url).await;
    let remedy = "a file with the same hash in a folder given as --offline-dir will do";
    let text = text.map_err(|why| RecipeError::Fetch { url: url.to_owned(), why: format!("{why}; {remedy}") })?;
    let found = hash(text.as_bytes());
    if found != sha256 {
        return Err(RecipeError::Hash { url: url.to_owned(), expected: sha256.to_owned(), found });
    }
    Ok(text)
}

/// What is published at `url`; each is asked for once by a process.
async fn downloaded(url: &str) -> Result<String, String> {
    static ASKED: Mutex<BTreeMap<String, Result<String, String>>> = Mutex::new(BTreeMap::new());
    let known = ASKED.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned();
    if let Some(answer) = known {
        return answer;
    }
    let answer = tokio::time::timeout(PATIENCE, download(url)).await.unwrap_or_else(|_| Err(format!("not done within {PATIENCE:?}")));
    ASKED.lock().unwrap_or_else(PoisonError::into_inner).insert(url.to_owned(), answer.clone());
    answer
}

fn local(folder: &Path, sha256: &str) -> Result<Option<String>, RecipeError> {
    let unreadable = |source| RecipeError::Read { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let size = entry.metadata().map_or(0, |meta| if meta.is_file() { meta.len() } else { 0 });
        if size == 0 || size > LARGEST {
            continue;
        }
        let path = entry.path();
        let bytes = std::fs::read(&path).map_err(|source| RecipeError::Read { path: path.clone(), source })?;
        if hash(&bytes) == sha256 {
            return String::from_utf8(bytes).map(Some).map_err(|error| RecipeError::Parse { path, problem: error.to_string() });
        }
    }
    Ok(None)
}

/// Asks for it once. The Kubernetes client is an HTTP client with TLS and the host's certificates; there is no need for a second one.
async fn download(url: &str) -> Result<String, String> {
    let uri: http::Uri = url.parse().map_err(|error| format!("{url} is no URL: {error}"))?;
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
    let mut base = uri.clone().into_parts();
    base.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
    let base = http::Uri::from_parts(base).map_err(|error| error.to_string())?;
    let mut config = Config::new(base);
    config.connect_timeout = Some(ANSWER);
    config.read_timeout = Some(ANSWER);
    let client = Client::try_from(config).map_err(|error| in_words(&error))?;
    let request = http::Request::get(path).body(Vec::new()).map_err(|error| error.to_string())?;
    client.request_text(request).await.map_err(|error| in_words(&error))
}

/// A SHA-256 in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    const TEXT: &str = "kind: Nothing\n";

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
    }

    /// Answers one request on loopback with `text`.
    fn serve(text: &'static str) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a request");
            let mut request = [0; 1024];
            let read = stream.read(&mut request).expect("readable");
            assert!(request[..read].starts_with(b"GET /a/b.yaml "), "{}", String::from_utf8_lossy(&request[..read]));
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len()).expect("writable");
        });
        format!("http://{address}/a/b.yaml")
    }

    #[test]
    fn a_download_is_taken_by_its_hash() {
        assert_eq!(run(fetch(&serve(TEXT), &hash(TEXT.as_bytes()), None)).expect("there"), TEXT);
        let error = run(fetch(&serve("kind: Other\n"), &hash(TEXT.as_bytes()), None)).unwrap_err();
        assert!(matches!(error, RecipeError::Hash { .. }), "{error}");
    }

    #[test]
    fn offline_any_file_with_the_hash_will_do() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("whatever"), TEXT).expect("writable");
        let nowhere = "http://127.0.0.1:1/a/b.yaml";
        assert_eq!(run(fetch(nowhere, &hash(TEXT.as_bytes()), Some(folder.path()))).expect("there"), TEXT);
        let error = run(fetch(nowhere, &hash(b"else"), Some(folder.path()))).unwrap_err();
        assert!(error.to_string().contains("no file in"), "{error}");
    }

    #[test]
    fn what_cannot_be_had_says_what_would_help() {
        let error = run(fetch("http://127.0.0.1:1/a/b.yaml", &hash(b""), None)).unwrap_err();
        assert!(error.to_string().contains("--offline-dir"), "{error}");
    }
}
