//! Who may vouch for the other side.

use std::path::Path;

use reqwest::Certificate;

use crate::error::BoxError;

/// The roots that every browser trusts, for machines that have none of their own. They come on top
/// of those of the machine, or of `SSL_CERT_FILE` where that is set.
///
/// # Errors
/// If `SSL_CERT_FILE` names no file of certificates: left alone, that would show as a connection
/// that cannot be trusted.
pub(super) fn bundled() -> Result<Vec<Certificate>, BoxError> {
    if let Some(file) = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()) {
        look_into(Path::new(&file))?;
    }
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    roots.map(|root| Ok(Certificate::from_der(root)?)).collect()
}

fn look_into(file: &Path) -> Result<(), BoxError> {
    let text = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let is_pem = text.windows(BEGINNING.len()).any(|part| part == BEGINNING);
    if is_pem { Ok(()) } else { Err(format!("{}: no certificate", file.display()).into()) }
}

const BEGINNING: &[u8] = b"-----BEGIN CERTIFICATE-----";
