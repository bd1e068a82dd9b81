//! TLS by rustls with ring: `--tls-cert` and `--tls-key`. A listener with TLS still answers plain HTTP to programs of this machine, so that commands
//! can hand over their jobs; everybody else is told to use https.

use crate::model::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// The first byte of a TLS handshake (RFC 8446 5.1).
const HANDSHAKE: u8 = 22;

pub struct Tls(TlsAcceptor);

/// What a connection turned out to be.
pub enum Opened {
    Plain(Stream),
    Secure {
        stream: Stream,
        speaks_http2: bool,
    },
    /// Plain HTTP from another machine.
    Refused(Stream, Error),
    Gone,
}

impl Tls {
    /// Reads the certificate chain and its key, both PEM.
    ///
    /// # Errors
    /// A sentence for whoever named the files.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, String> {
        let unread = |path: &Path, error: &dyn std::fmt::Display| format!("{} cannot be read: {error}", path.display());
        let chain = CertificateDer::pem_file_iter(certificate).map_err(|error| unread(certificate, &error))?;
        let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(|error| unread(certificate, &error))?;
        if chain.is_empty() {
            return Err(format!("{} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", certificate.display()));
        }
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| {
            let name = key.display();
            match std::fs::read_to_string(key) {
                Ok(text) if text.contains("ENCRYPTED") => {
                    format!("{name} is encrypted: write the key without its password (openssl pkey -in KEY -out PLAIN)")
                }
                _ => format!("{name} holds no private key in PEM form (-----BEGIN PRIVATE KEY-----): {error}"),
            }
        })?;
        let unfit =
            |error: tokio_rustls::rustls::Error| format!("{} and {} do not fit together: {error}", certificate.display(), key.display());
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unfit)?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(unfit)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Shakes hands, within `most`.
    pub async fn open(&self, stream: TcpStream, peer: SocketAddr, most: Duration) -> Opened {
        timeout(most, self.opened(stream, peer)).await.unwrap_or(Opened::Gone)
    }

    async fn opened(&self, stream: TcpStream, peer: SocketAddr) -> Opened {
        let mut first = [0];
        match stream.peek(&mut first).await {
            Ok(1..) if first == [HANDSHAKE] => {}
            Ok(1..) if is_this_machine(&stream, peer) => return Opened::Plain(Stream::Plain(stream)),
            Ok(1..) => {
                return Opened::Refused(
                    Stream::Plain(stream),
                    Error::malformed("This port speaks https: write https:// before the address"),
                );
            }
            _ => return Opened::Gone,
        }
        match self.0.accept(stream).await {
            Ok(stream) => {
                let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                Opened::Secure { stream: Stream::Tls(Box::new(stream)), speaks_http2 }
            }
            Err(error) => {
                log::debug!("TLS with {peer}: {error}");
                Opened::Gone
            }
        }
    }
}

/// Nobody elsewhere can have the same address at both ends.
fn is_this_machine(stream: &TcpStream, peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback() || stream.local_addr().is_ok_and(|local| local.ip() == peer.ip())
}

/// A socket with or without TLS.
pub enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, out),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, out),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
