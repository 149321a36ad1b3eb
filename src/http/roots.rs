//! Trusted root certificates.

use std::path::Path;

use reqwest::Certificate;

use crate::error::BoxError;

/// Returns Mozilla's root certificates, for machines without their own. They are added to those of
/// the machine, or of `SSL_CERT_FILE` if it is set.
///
/// # Errors
/// Returns an error if `SSL_CERT_FILE` is not a readable file of certificates. Ignoring this would
/// surface later as an untrusted connection.
pub(super) fn bundled() -> Result<Vec<Certificate>, BoxError> {
    if let Some(file) = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()) {
        check_certificate_file(Path::new(&file))?;
    }
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    roots.map(|root| Ok(Certificate::from_der(root)?)).collect()
}

fn check_certificate_file(file: &Path) -> Result<(), BoxError> {
    let text = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let is_pem = text.windows(PEM_HEADER.len()).any(|part| part == PEM_HEADER);
    if is_pem { Ok(()) } else { Err(format!("{}: no certificate", file.display()).into()) }
}

const PEM_HEADER: &[u8] = b"-----BEGIN CERTIFICATE-----";
