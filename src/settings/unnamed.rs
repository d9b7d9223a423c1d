//! Which settings file is meant when nobody names one.

use std::path::{Path, PathBuf};

/// Below the working folder: a checkout's, or a folder that somebody keeps settings in.
const UNNAMED: &str = "config/lightsout.toml";
/// Where an installation has it.
const INSTALLED: &str = "/etc/lightsout/lightsout.toml";

/// The settings file when neither `--config` nor `LIGHTSOUT_CONFIG` names one: that of the working folder where there is one, else
/// that of an installation where there is one. Below `root`, which is empty but in tests. Where there is neither it is the first,
/// so that the complaint names a file.
#[must_use]
pub fn unnamed(root: &Path) -> PathBuf {
    let here = root.join(UNNAMED);
    // In a folder that this user may not enter, which is where an operator calls `sudo -u lightsout`, nothing can be meant.
    if here.is_file() {
        return here;
    }
    let at = if root.as_os_str().is_empty() {
        PathBuf::from(INSTALLED)
    } else {
        root.join(INSTALLED.trim_start_matches('/'))
    };
    if at.is_file() { at } else { here }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_working_folder_comes_before_the_installation() {
        let folder = tempfile::tempdir().unwrap();
        let (here, installed) = (folder.path().join("config"), folder.path().join("etc/lightsout"));
        let put = |at: &Path| {
            std::fs::create_dir_all(at).unwrap();
            std::fs::write(at.join("lightsout.toml"), "").unwrap();
        };
        assert_eq!(unnamed(folder.path()), here.join("lightsout.toml"), "the complaint names what is usual");
        put(&installed);
        assert_eq!(unnamed(folder.path()), installed.join("lightsout.toml"));
        put(&here);
        assert_eq!(unnamed(folder.path()), here.join("lightsout.toml"));
    }
}
