//! The sandbox's own certificate authority and certificate, made anew at each start.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};

use super::options::{SandboxError, TlsFlaw};

/// What HTTPS needs, and where the authority was written for clients to trust.
pub(super) struct Made {
    pub(super) ca_file: PathBuf,
    pub(super) chain_pem: String,
    pub(super) key_pem: String,
}

/// Makes authority and certificate for localhost, 127.0.0.1 and ::1, and writes `ca.pem` and `cert.pem`.
pub(super) fn make(dir: &Path, flaw: TlsFlaw) -> Result<Made, SandboxError> {
    let issuer = authority()?;
    let stranger = authority()?;
    let own_key = KeyPair::generate()?;
    let names: &[&str] = match flaw {
        TlsFlaw::WrongHost => &["elsewhere.example"],
        TlsFlaw::None | TlsFlaw::Expired | TlsFlaw::UnknownAuthority => &["localhost", "127.0.0.1", "::1"],
    };
    let mut own = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
    if flaw == TlsFlaw::Expired {
        own.not_before = date_time_ymd(2020, 1, 1);
        own.not_after = date_time_ymd(2020, 2, 1);
    }
    let own = own.signed_by(&own_key, if flaw == TlsFlaw::UnknownAuthority { &stranger } else { &issuer })?;
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        let written = fs::create_dir_all(dir).and_then(|()| fs::write(&path, text));
        written.map(|()| path.clone()).map_err(|cause| SandboxError::File { path, cause })
    };
    let ca_file = write("ca.pem", &issuer.pem())?;
    write("cert.pem", &own.pem())?;
    Ok(Made { ca_file, chain_pem: own.pem(), key_pem: own_key.serialize_pem() })
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, "Lightsout sandbox authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    CertifiedIssuer::self_signed(ca, KeyPair::generate()?)
}
