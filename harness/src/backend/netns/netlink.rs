//! Asking the kernel: many requests at once on a runtime, or one at a time on a thread without one.

use std::io;

use futures_util::StreamExt;
use rtnetlink::packet_core::{NetlinkHeader, NetlinkMessage, NetlinkPayload};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::sys::protocols::NETLINK_ROUTE;
use rtnetlink::sys::{Socket, SocketAddr};
use rtnetlink::{Handle, new_connection};

use super::messages::Request;
use crate::backend::UpError;
use crate::name::PlaceName;

/// How many requests may be on their way at once. Each acknowledgement takes about 768 bytes of the socket's buffer, which has 208 KiB where
/// nobody has set another size: one that found no room would be lost, and waited for without end.
const WINDOW: usize = 64;

/// A conversation with the kernel about one network namespace.
#[derive(Clone, Debug)]
pub(super) struct Netlink {
    place: PlaceName,
    handle: Handle,
}

impl Netlink {
    /// Opens a conversation about the network namespace that this thread is in; `runtime` carries it on from anywhere.
    pub(super) fn open(place: PlaceName, runtime: &tokio::runtime::Handle) -> io::Result<Self> {
        let _entered = runtime.enter();
        let (connection, handle, _) = new_connection()?;
        runtime.spawn(connection);
        Ok(Self { place, handle })
    }

    /// Whose network namespace it is about.
    pub(super) fn place(&self) -> &PlaceName {
        &self.place
    }

    /// Has the kernel carry `requests` out, in order. The first that it refuses is the error; those behind it may have been carried out.
    pub(super) async fn carry_out(&self, requests: impl IntoIterator<Item = Request>) -> Result<(), UpError> {
        let mut requests = requests.into_iter();
        loop {
            let mut window = Vec::with_capacity(WINDOW);
            for request in requests.by_ref().take(WINDOW) {
                window.push((self.send(request.message, request.flags), request.doing));
            }
            if window.is_empty() {
                return Ok(());
            }
            for (answers, doing) in window {
                self.gather(answers, doing).await?;
            }
        }
    }

    /// What the kernel answers to one request.
    pub(super) async fn list(&self, request: Request) -> Result<Vec<RouteNetlinkMessage>, UpError> {
        self.gather(self.send(request.message, request.flags), request.doing).await
    }

    fn send(
        &self,
        message: RouteNetlinkMessage,
        flags: u16,
    ) -> io::Result<impl StreamExt<Item = NetlinkMessage<RouteNetlinkMessage>> + use<>> {
        self.handle.clone().request(envelope(message, flags)).map_err(io::Error::other)
    }

    async fn gather(
        &self,
        answers: io::Result<impl StreamExt<Item = NetlinkMessage<RouteNetlinkMessage>>>,
        doing: String,
    ) -> Result<Vec<RouteNetlinkMessage>, UpError> {
        let refused = |source| UpError::Request { place: self.place.clone(), doing, source };
        let mut answers = match answers {
            Ok(answers) => std::pin::pin!(answers),
            Err(error) => return Err(refused(error)),
        };
        let mut found = Vec::new();
        while let Some(answer) = answers.next().await {
            match open(answer) {
                Ok(Some(message)) => found.push(message),
                Ok(None) => {}
                Err(error) => return Err(refused(error)),
            }
        }
        Ok(found)
    }
}

/// Asks the kernel one thing about the network namespace that this thread is in, and waits for the answer. For threads without a runtime.
///
/// # Errors
/// The kernel refused it.
pub(super) fn ask(request: &Request) -> io::Result<Option<RouteNetlinkMessage>> {
    Asker::open()?.ask(request)
}

/// A socket to ask on again and again; it stays in the network namespace that it was opened in.
pub(super) struct Asker {
    socket: Socket,
    buffer: Vec<u8>,
}

impl Asker {
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self { socket, buffer: Vec::new() })
    }

    /// Asks one thing that has one answer, or none but an acknowledgement.
    pub(super) fn ask(&mut self, request: &Request) -> io::Result<Option<RouteNetlinkMessage>> {
        let mut message = envelope(request.message.clone(), request.flags);
        message.finalize();
        self.buffer.resize(message.buffer_len(), 0);
        message.serialize(&mut self.buffer);
        self.socket.send(&self.buffer, 0)?;
        let (answer, _) = self.socket.recv_from_full()?;
        open(NetlinkMessage::deserialize(&answer).map_err(io::Error::other)?)
    }
}

fn envelope(message: RouteNetlinkMessage, flags: u16) -> NetlinkMessage<RouteNetlinkMessage> {
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    NetlinkMessage::new(header, NetlinkPayload::from(message))
}

/// What is in an answer; an acknowledgement is nothing.
fn open(answer: NetlinkMessage<RouteNetlinkMessage>) -> io::Result<Option<RouteNetlinkMessage>> {
    match answer.payload {
        NetlinkPayload::InnerMessage(message) => Ok(Some(message)),
        NetlinkPayload::Error(error) if error.code.is_some() => Err(error.to_io()),
        NetlinkPayload::Overrun(_) => Err(nix::errno::Errno::ENOBUFS.into()),
        _ => Ok(None),
    }
}
