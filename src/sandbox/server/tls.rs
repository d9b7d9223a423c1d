//! The sandbox's own certificate authority and certificate, made anew at each start.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};

use super::options::SandboxError;

/// What HTTPS needs, and where the authority was written for clients to trust.
pub(super) struct Made {
    pub(super) ca_file: PathBuf,
    pub(super) chain_pem: String,
    pub(super) key_pem: String,
}

/// Makes authority and certificate for localhost, 127.0.0.1 and ::1, and writes `ca.pem` and `cert.pem`.
pub(super) fn make(dir: &Path) -> Result<Made, SandboxError> {
    let mut ca = CertificateParams::default();
    ca.distinguished_name
        .push(DnType::CommonName, "Lightsout sandbox authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    let issuer = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;
    let own_key = KeyPair::generate()?;
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let own = CertificateParams::new(names)?.signed_by(&own_key, &issuer)?;
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        let written = fs::create_dir_all(dir).and_then(|()| fs::write(&path, text));
        written
            .map(|()| path.clone())
            .map_err(|cause| SandboxError::File { path, cause })
    };
    let ca_file = write("ca.pem", &issuer.pem())?;
    write("cert.pem", &own.pem())?;
    Ok(Made {
        ca_file,
        chain_pem: own.pem(),
        key_pem: own_key.serialize_pem(),
    })
}
