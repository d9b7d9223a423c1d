//! The VM sizes that the sandbox knows: what ARM tells about each, and under which names it is sold.

/// A size that shares its meter with another.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) struct Twin {
    pub(in crate::sandbox) name: &'static str,
    pub(in crate::sandbox) sku: &'static str,
    pub(in crate::sandbox) series: &'static str,
}

/// One VM size.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) struct VmSize {
    /// In its proper case, which computes do not keep.
    pub(in crate::sandbox) name: &'static str,
    pub(in crate::sandbox) family: &'static str,
    pub(in crate::sandbox) vcpus: u32,
    pub(in crate::sandbox) gpus: u32,
    pub(in crate::sandbox) memory_gb: u32,
    pub(in crate::sandbox) resource_volume_mb: u32,
    pub(in crate::sandbox) premium_io: bool,
    /// Whether a compute instance may be of it; all may be in a cluster.
    pub(in crate::sandbox) instances: bool,
    /// Whether ARM says what it is thought to cost.
    pub(in crate::sandbox) estimated: bool,
    /// `DSv2 Series`, as product names have it.
    pub(in crate::sandbox) series: &'static str,
    /// Whether its Windows product is called `Srs Win`, as those of newer series are.
    pub(in crate::sandbox) short_windows: bool,
    pub(in crate::sandbox) sku: &'static str,
    pub(in crate::sandbox) meter: &'static str,
    pub(in crate::sandbox) twin: Option<Twin>,
}

/// A size of the commonest kind, to be changed where another differs.
const COMMON: VmSize = VmSize {
    name: "Standard_DS3_v2",
    family: "standardDSv2Family",
    vcpus: 4,
    gpus: 0,
    memory_gb: 14,
    resource_volume_mb: 28_672,
    premium_io: true,
    instances: true,
    estimated: true,
    series: "DSv2 Series",
    short_windows: false,
    sku: "DS3 v2",
    meter: "D3 v2/DS3 v2",
    twin: Some(Twin { name: "Standard_D3_v2", sku: "D3 v2", series: "Dv2 Series" }),
};

/// Every size, in the order of ARM's list.
pub(in crate::sandbox) const VM_SIZES: [VmSize; 7] = [
    VmSize {
        name: "Standard_D13_v2",
        family: "standardDv2Family",
        vcpus: 8,
        memory_gb: 56,
        resource_volume_mb: 409_600,
        premium_io: false,
        series: "Dv2 Series",
        sku: "D13 v2",
        meter: "D13 v2/DS13 v2",
        twin: Some(Twin { name: "Standard_DS13_v2", sku: "DS13 v2", series: "DSv2 Series" }),
        ..COMMON
    },
    COMMON,
    VmSize {
        name: "Standard_E8s_v3",
        family: "standardESv3Family",
        vcpus: 8,
        memory_gb: 64,
        resource_volume_mb: 131_072,
        series: "ESv3 Series",
        sku: "E8s v3",
        meter: "E8 v3/E8s v3",
        twin: Some(Twin { name: "Standard_E8_v3", sku: "E8 v3", series: "Ev3 Series" }),
        ..COMMON
    },
    VmSize {
        name: "Standard_NC6s_v3",
        family: "standardNCSv3Family",
        vcpus: 6,
        gpus: 1,
        memory_gb: 112,
        resource_volume_mb: 344_064,
        series: "NCSv3 Series",
        sku: "NC6s v3",
        meter: "NC6s v3",
        twin: None,
        ..COMMON
    },
    VmSize {
        name: "Standard_NC4as_T4_v3",
        family: "Standard NCASv3_T4 Family",
        gpus: 1,
        memory_gb: 28,
        resource_volume_mb: 180_224,
        series: "NCasT4 v3 Series",
        sku: "NC4as T4 v3",
        meter: "NC4as T4 v3",
        twin: None,
        ..COMMON
    },
    // New sizes come without an estimate.
    VmSize {
        name: "Standard_NC24ads_A100_v4",
        family: "StandardNCADSA100v4Family",
        vcpus: 24,
        gpus: 1,
        memory_gb: 220,
        resource_volume_mb: 65_536,
        estimated: false,
        series: "NCads A100 v4 Series",
        short_windows: true,
        sku: "NC24ads A100 v4",
        meter: "NC24ads A100 v4",
        twin: None,
        ..COMMON
    },
    // For clusters only, and without a price in any list.
    VmSize {
        name: "Standard_ND40rs_v2",
        family: "standardNDv2Family",
        vcpus: 40,
        gpus: 8,
        memory_gb: 672,
        resource_volume_mb: 2_949_120,
        instances: false,
        estimated: false,
        series: "NDv2 Series",
        sku: "ND40rs v2",
        meter: "ND40rs v2",
        twin: None,
        ..COMMON
    },
];

/// The names under which a size is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct Sold {
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) sku: String,
    pub(in crate::sandbox) meter: String,
    /// Product names for Linux, for Windows, and for Cloud Services.
    pub(in crate::sandbox) linux: String,
    pub(in crate::sandbox) windows: String,
    pub(in crate::sandbox) cloud_services: String,
}

impl Sold {
    /// The names of any size; those of one that is not in the table are made up from the size's own.
    pub(in crate::sandbox) fn of(size: &str) -> Self {
        let bare = size.trim_start_matches("Standard_").replace('_', " ");
        let made_up = format!("{bare} Series");
        let (name, sku, meter, series) = match find(size) {
            Some(known) => (known.name, known.sku, known.meter, known.series),
            None => (size, bare.as_str(), bare.as_str(), made_up.as_str()),
        };
        let linux = format!("Virtual Machines {series}");
        let windows = if find(size).is_some_and(|known| known.short_windows) {
            linux.replace(" Series", " Srs Win")
        } else {
            format!("{linux} Windows")
        };
        let cloud_services = format!("{series} Cloud Services");
        Self { name: name.to_owned(), sku: sku.to_owned(), meter: meter.to_owned(), linux, windows, cloud_services }
    }
}

/// A size by its name in any case.
pub(in crate::sandbox) fn find(size: &str) -> Option<&'static VmSize> {
    VM_SIZES.iter().find(|known| known.name.eq_ignore_ascii_case(size))
}

#[cfg(test)]
mod tests {
    use super::super::list_prices;
    use super::*;

    #[test]
    fn every_size_with_a_price_is_known() {
        let list = list_prices();
        for (size, _) in list.places() {
            assert!(find(size).is_some(), "{size}");
        }
    }

    #[test]
    fn a_size_of_a_test_gets_names_too() {
        assert_eq!(Sold::of("STANDARD_DS3_V2").meter, "D3 v2/DS3 v2");
        let made = Sold::of("Standard_X9_v1");
        assert_eq!((made.sku.as_str(), made.meter.as_str()), ("X9 v1", "X9 v1"));
        assert_eq!(made.windows, "Virtual Machines X9 v1 Series Windows");
        assert_eq!(Sold::of("standard_nc24ads_a100_v4").windows, "Virtual Machines NCads A100 v4 Srs Win");
    }
}
