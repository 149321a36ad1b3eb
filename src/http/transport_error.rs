//! Classification of connection, proxy and TLS errors.

use crate::error::BoxError;

/// Reason why an attempt got no complete response.
#[derive(Debug)]
pub enum TransportError {
    /// The TLS connection could not be established.
    Tls { problem: String, source: BoxError },
    /// The proxy requires authentication. Permanent.
    ProxyLogin(BoxError),
    /// The proxy refused to connect to the host. Possibly transient.
    ProxyRefused(BoxError),
    /// No connection to the host could be made; the cause is a sentence. Transient.
    NotConnected { reason: NoConnection, cause: String },
    /// The connection was interrupted, as a sentence. Transient.
    Failed(String),
}

/// Reason why no connection to the host could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoConnection {
    HostNotFound,
    Refused,
    ProxyUnreachable,
    TimedOut,
    Other,
}

impl TransportError {
    pub(super) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if let Some(problem) = tls_problem(&error) {
            return Self::Tls { problem, source: error.into() };
        }
        let not_connected = |reason, cause| Self::NotConnected { reason, cause };
        if error.is_timeout() {
            let cause = "no answer in time".to_owned();
            let is_connecting = error.is_connect();
            return if is_connecting {
                not_connected(NoConnection::TimedOut, cause)
            } else {
                Self::Failed(cause)
            };
        }
        // These error types are private to the HTTP library, so their messages are matched instead.
        let known = messages(&error).find_map(|message| known_cause(&message));
        match known {
            Some(KnownCause::ProxyLogin) => Self::ProxyLogin(error.into()),
            Some(KnownCause::ProxyRefused) => Self::ProxyRefused(error.into()),
            Some(KnownCause::ProxyUnreachable) => not_connected(
                NoConnection::ProxyUnreachable,
                format!(
                    "the proxy that HTTPS_PROXY names cannot be reached, check it: {}",
                    root_cause(&error)
                ),
            ),
            Some(KnownCause::HostNotFound) => not_connected(
                NoConnection::HostNotFound,
                format!(
                    "the name of the host was not found, check DNS or set HTTPS_PROXY: {}",
                    root_cause(&error)
                ),
            ),
            None => {
                let cause = format!("the connection failed: {}", root_cause(&error));
                if !error.is_connect() {
                    Self::Failed(cause)
                } else if is_refused(&error) {
                    not_connected(NoConnection::Refused, cause)
                } else {
                    not_connected(NoConnection::Other, cause)
                }
            }
        }
    }
}

/// Returns `true` if an I/O error in the source chain is a refused connection.
fn is_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut chain = std::iter::successors(Some(error), |error| error.source());
    chain.any(|error| {
        let error = error.downcast_ref::<std::io::Error>();
        error.is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KnownCause {
    ProxyLogin,
    ProxyRefused,
    ProxyUnreachable,
    HostNotFound,
}

/// Classifies one message of an error's source chain.
fn known_cause(text: &str) -> Option<KnownCause> {
    if text == "dns error" {
        return Some(KnownCause::HostNotFound);
    }
    Some(match text.strip_prefix("tunnel error: ")? {
        "proxy authorization required" => KnownCause::ProxyLogin,
        "failed to create underlying connection" => KnownCause::ProxyUnreachable,
        _ => KnownCause::ProxyRefused,
    })
}

fn messages<'a>(error: &'a (dyn std::error::Error + 'static)) -> impl Iterator<Item = String> + 'a {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string)
}

/// Returns the message of the last error in the source chain.
pub(super) fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    messages(error).last().unwrap_or_default()
}

/// Returns a description of the `rustls` error in the source chain, if there is one.
fn tls_problem(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(problem) = error.downcast_ref::<rustls::Error>() {
            return Some(describe(problem));
        }
        // `source` of an I/O error returns the source of the wrapped error and would skip the error
        // itself.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

/// Describes a TLS error: common ones in plain words, others as `rustls` does.
fn describe(problem: &rustls::Error) -> String {
    use rustls::CertificateError as Bad;
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage, PeerIncompatible};
    let is_too_old = matches!(problem, PeerIncompatible(_))
        || matches!(problem, AlertReceived(rustls::AlertDescription::ProtocolVersion));
    let is_expired = |bad: &Bad| matches!(bad, Bad::Expired | Bad::ExpiredContext { .. });
    let is_early = |bad: &Bad| matches!(bad, Bad::NotValidYet | Bad::NotValidYetContext { .. });
    let is_of_another =
        |bad: &Bad| matches!(bad, Bad::NotValidForName | Bad::NotValidForNameContext { .. });
    let words = if is_too_old {
        "the server does not support TLS 1.2 or newer"
    } else if matches!(problem, InvalidMessage(_)) {
        "the server does not use TLS"
    } else if let InvalidCertificate(bad) = problem {
        if *bad == Bad::UnknownIssuer {
            "its certificate is not signed by a trusted CA"
        } else if is_expired(bad) {
            "its certificate has expired"
        } else if is_early(bad) {
            "its certificate is not valid yet, so this machine's clock may be slow"
        } else if is_of_another(bad) {
            "its certificate is for another host"
        } else {
            return format!("its certificate cannot be trusted ({bad})");
        }
    } else {
        return problem.to_string();
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_tls_problems_have_plain_sentences() {
        use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};
        for (problem, expected) in [
            (CertificateError::Expired.into(), "its certificate has expired"),
            (CertificateError::NotValidForName.into(), "its certificate is for another host"),
            (CertificateError::Revoked.into(), "its certificate cannot be trusted (Revoked)"),
            (
                CertificateError::UnknownIssuer.into(),
                "its certificate is not signed by a trusted CA",
            ),
            (
                Error::AlertReceived(AlertDescription::ProtocolVersion),
                "the server does not support TLS 1.2 or newer",
            ),
            (InvalidMessage::InvalidContentType.into(), "the server does not use TLS"),
            (Error::DecryptError, "cannot decrypt peer's message"),
        ] {
            assert_eq!(describe(&problem), expected);
        }
    }

    #[test]
    fn finds_a_tls_problem_at_any_depth() {
        use std::io::{Error, ErrorKind};
        let problem = rustls::Error::NoCertificatesPresented;
        let inner = Error::new(ErrorKind::InvalidData, problem.clone());
        assert_eq!(tls_problem(&Error::other(inner)), Some(problem.to_string()));
        assert_eq!(tls_problem(&Error::other("no route")), None);
    }

    #[test]
    fn messages_of_the_http_library_are_classified() {
        for (text, expected) in [
            ("dns error", Some(KnownCause::HostNotFound)),
            ("tunnel error: proxy authorization required", Some(KnownCause::ProxyLogin)),
            ("tunnel error: unsuccessful", Some(KnownCause::ProxyRefused)),
            ("tunnel error: unexpected end of file", Some(KnownCause::ProxyRefused)),
            (
                "tunnel error: failed to create underlying connection",
                Some(KnownCause::ProxyUnreachable),
            ),
            ("tcp connect error", None),
        ] {
            assert_eq!(known_cause(text), expected, "{text}");
        }
    }
}
