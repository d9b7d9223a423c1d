//! The files that pages load: styles, scripts and the icon, in the binary. Nothing comes from elsewhere.

use sha2::{Digest, Sha256};

/// One file.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) struct Asset {
    /// Its name, below `/assets/`.
    pub(in crate::web) name: &'static str,
    /// Its media type.
    pub(in crate::web) kind: &'static str,
    /// What it holds.
    pub(in crate::web) text: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($kind:expr => $($name:literal),+);+ $(;)?) => {
        &[$($(Asset { name: $name, kind: $kind, text: include_str!(concat!("assets/", $name)) }),+),+]
    };
}

/// All of them.
pub(in crate::web) const ASSETS: &[Asset] = assets! {
    CSS => "app.css", "charts.css", "parts.css", "print.css", "tables.css";
    SCRIPT => "actions.js", "app.js", "hold.js", "keep.js", "keys.js", "linked.js", "live.js", "morph.js", "plain.js", "send.js", "swap.js",
        "theme.js", "times.js", "toggle.js";
    "image/svg+xml" => "icon.svg";
};

/// The one of that name.
#[must_use]
pub(in crate::web) fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// A digest of all of them: it changes when one does.
#[must_use]
pub(in crate::web) fn stamp() -> String {
    let digest = ASSETS.iter().fold(Sha256::new(), |digest, asset| digest.chain_update(asset.text));
    digest.finalize().iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_served_and_loads_nothing_from_elsewhere() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/page/assets");
        let mut files: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        let mut served: Vec<&str> = ASSETS.iter().map(|asset| asset.name).collect();
        files.sort();
        served.sort_unstable();
        assert_eq!(files, served);
        for asset in ASSETS {
            let text = asset.text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("http://") && !text.contains("https://"), "{} names another site", asset.name);
        }
    }
}
