//! Restriction enzymes that cloning uses, by name.

/// Name and recognition site of each enzyme, ordered by name.
///
/// # Source
/// Roberts et al., REBASE, Nucleic Acids Research 2023.
pub const SITES: [(&str, &str); 38] = [
    ("AgeI", "ACCGGT"),
    ("ApaI", "GGGCCC"),
    ("AscI", "GGCGCGCC"),
    ("AvrII", "CCTAGG"),
    ("BamHI", "GGATCC"),
    ("BbsI", "GAAGAC"),
    ("BglII", "AGATCT"),
    ("BsaI", "GGTCTC"),
    ("BsmBI", "CGTCTC"),
    ("ClaI", "ATCGAT"),
    ("EcoRI", "GAATTC"),
    ("EcoRV", "GATATC"),
    ("Esp3I", "CGTCTC"),
    ("FseI", "GGCCGGCC"),
    ("HindIII", "AAGCTT"),
    ("KpnI", "GGTACC"),
    ("MluI", "ACGCGT"),
    ("NcoI", "CCATGG"),
    ("NdeI", "CATATG"),
    ("NheI", "GCTAGC"),
    ("NotI", "GCGGCCGC"),
    ("PacI", "TTAATTAA"),
    ("PaqCI", "CACCTGC"),
    ("PmeI", "GTTTAAAC"),
    ("PstI", "CTGCAG"),
    ("SacI", "GAGCTC"),
    ("SacII", "CCGCGG"),
    ("SalI", "GTCGAC"),
    ("SapI", "GCTCTTC"),
    ("SbfI", "CCTGCAGG"),
    ("SfiI", "GGCCNNNNNGGCC"),
    ("SmaI", "CCCGGG"),
    ("SpeI", "ACTAGT"),
    ("SphI", "GCATGC"),
    ("StuI", "AGGCCT"),
    ("SwaI", "ATTTAAAT"),
    ("XbaI", "TCTAGA"),
    ("XhoI", "CTCGAG"),
];

/// The names.
///
/// ```
/// assert!(promoter_design::enzyme::names().contains(&"BsaI"));
/// ```
pub fn names() -> Vec<&'static str> {
    SITES.iter().map(|&(name, _)| name).collect()
}

pub(crate) fn find(name: &str) -> Option<(&'static str, &'static str)> {
    SITES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Word;

    #[test]
    fn names_are_ordered_and_all_but_type_iis_sites_are_palindromes() {
        assert!(SITES.is_sorted_by(|a, b| a.0 < b.0));
        let one_sided = ["BbsI", "BsaI", "BsmBI", "Esp3I", "PaqCI", "SapI"];
        for (name, letters) in SITES {
            let word = Word::cut_by(&name.to_lowercase()).unwrap();
            assert_eq!((word.name(), word.letters()), (name, letters));
            let codes = |letters: &str| letters.bytes().map(promoter_encode::base::from_ascii).collect::<Vec<_>>();
            let turned: Vec<u8> =
                codes(letters).iter().rev().map(|&code| promoter_encode::base::COMPLEMENT[usize::from(code)]).collect();
            assert_eq!(turned != codes(letters), one_sided.contains(&name), "{name}");
        }
    }
}
