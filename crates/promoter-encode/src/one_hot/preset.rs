//! The encodings of published models and toolkits.

use super::{AnyBase, Case, ChannelOrder, Flag, Iupac, Layout, OneHot, Other};
use crate::preset::{Named, Preset, preset};

impl Preset for OneHot {
    const KIND: &'static str = "one-hot";
    const PRESETS: &'static [Named<Self>] = &[
        ("auth", Self::auth),
        ("crested", Self::crested),
        ("deepsea", Self::deepsea),
        ("enformer", Self::enformer),
        ("grelu", Self::grelu),
        ("legnet", Self::legnet),
        ("madlab", Self::madlab),
        ("noisy_chardonnay", Self::noisy_chardonnay),
        ("peppa", Self::peppa),
        ("prix_fixe_predict", Self::prix_fixe_predict),
        ("prix_fixe_train", Self::prix_fixe_train),
        ("tangermeme", Self::tangermeme),
    ];
}

preset!(OneHot);

impl OneHot {
    /// auth: (length, 4), A, C, G, T. Its filter leaves nothing but those, so all else is refused.
    ///
    /// # Source
    /// Challenge report of auth, 2022.
    pub fn auth() -> Self {
        Self { n: AnyBase::Error, iupac: Iupac::Error, case: Case::Error, ..Self::default() }
    }

    /// Noisy Chardonnay: (length, 4), A, C, G, T, every other letter four ones.
    ///
    /// # Source
    /// Challenge report of Noisy Chardonnay, 2022.
    pub fn noisy_chardonnay() -> Self {
        Self { n: AnyBase::Ones, case: Case::AsN, other: Other::AsN, ..Self::default() }
    }

    /// MadLab: (length, 4), A, C, G, T, `N` zeros. Its data hold no other letters, which are refused here.
    ///
    /// # Source
    /// Challenge report of MadLab, 2022; its Figure 1 draws the rows A, G, C, T, its code has A, C, G, T.
    pub fn madlab() -> Self {
        Self { iupac: Iupac::Error, case: Case::Error, ..Self::default() }
    }

    /// Peppa: (length, 4), A, C, G, T, anything else zeros, as the janggu package encodes.
    ///
    /// # Source
    /// Challenge report of Peppa, 2022.
    pub fn peppa() -> Self {
        Self { case: Case::AsN, other: Other::AsN, ..Self::default() }
    }

    /// Prix Fixe in training, and autosome.org's submission: (6, length), A, G, C, T, is-reverse, is-singleton; `N`
    /// zeros.
    ///
    /// # Source
    /// Rafi et al., Nature Biotechnology 2024; autosome.org's challenge report, 2022.
    pub fn prix_fixe_train() -> Self {
        Self {
            order: ChannelOrder::AGCT,
            layout: Layout::ChannelsFirst,
            iupac: Iupac::Error,
            flags: vec![Flag::IsReverse, Flag::IsSingleton],
            ..Self::default()
        }
    }

    /// Prix Fixe in prediction: as [`prix_fixe_train`](Self::prix_fixe_train), but `N` is 0.25 in each base channel.
    ///
    /// # Source
    /// Rafi et al., Nature Biotechnology 2024.
    pub fn prix_fixe_predict() -> Self {
        Self { n: AnyBase::Uniform, ..Self::prix_fixe_train() }
    }

    /// The LegNet repository, in training and prediction: the same as
    /// [`prix_fixe_predict`](Self::prix_fixe_predict).
    ///
    /// # Source
    /// Penzar et al., Bioinformatics 2023.
    pub fn legnet() -> Self {
        Self::prix_fixe_predict()
    }

    /// DeepSEA and DanQ: (4, length), A, G, C, T, `N` zeros, case folded.
    ///
    /// # Source
    /// Zhou and Troyanskaya, Nature Methods 2015; Quang and Xie, Nucleic Acids Research 2016.
    pub fn deepsea() -> Self {
        Self { order: ChannelOrder::AGCT, layout: Layout::ChannelsFirst, iupac: Iupac::Error, ..Self::default() }
    }

    /// Enformer as released: (length, 4), A, C, G, T, all else zeros, lower case too.
    ///
    /// # Source
    /// Avsec et al., Nature Methods 2021.
    pub fn enformer() -> Self {
        Self { case: Case::AsN, other: Other::AsN, ..Self::default() }
    }

    /// gReLU: (4, length), A, C, G, T, `N` zeros, lower case and all other letters refused.
    ///
    /// # Source
    /// Lal et al., bioRxiv 2024.
    pub fn grelu() -> Self {
        Self { layout: Layout::ChannelsFirst, iupac: Iupac::Error, case: Case::Error, ..Self::default() }
    }

    /// tangermeme: (4, length), A, C, G, T, `N` zeros, lower case and all other letters refused; of `i8` there, which
    /// has the bytes of `u8`.
    ///
    /// # Source
    /// Schreiber, bioRxiv 2025.
    pub fn tangermeme() -> Self {
        Self::grelu()
    }

    /// CREsted: (length, 4), A, C, G, T, case folded, all else zeros.
    ///
    /// # Source
    /// Kempynck et al., bioRxiv 2025.
    pub fn crested() -> Self {
        Self { other: Other::AsN, ..Self::default() }
    }
}
