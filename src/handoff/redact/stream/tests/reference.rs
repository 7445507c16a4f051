//! The redactor against one that is slow and plainly right, over random logs, cuts and pauses.

use proptest::{collection::vec, prelude::*};

use super::*;

/// What is secret, found the slow way: each form at each offset.
fn secret_bytes(forms: &[Form], log: &[u8]) -> Vec<bool> {
    let mut secret = vec![false; log.len()];
    for form in forms {
        let length = form.bytes.len();
        for offset in 0..log.len() + length {
            // Byte `at` of the form on byte `at + offset - length` of the log.
            let agrees = |at: &usize| {
                let place = (at + offset).checked_sub(length);
                place.and_then(|place| log.get(place)) == Some(&form.bytes[*at])
            };
            let mut at = 0;
            while at < length {
                let run = (at..length).take_while(agrees).count();
                let tells = |at: &usize| form.parts[*at] != Part::Joint;
                let own = (at..at + run).filter(|at| form.parts[*at] == Part::Own).count();
                if let (Some(first), Some(last), true) =
                    ((at..at + run).find(tells), (at..at + run).rfind(tells), own >= SHORTEST)
                {
                    secret[first + offset - length..=last + offset - length].fill(true);
                }
                at += run + 1;
            }
        }
    }
    secret
}

fn replaced(forms: &[Form], log: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for run in log
        .iter()
        .zip(secret_bytes(forms, log))
        .collect::<Vec<_>>()
        .chunk_by(|one, next| one.1 == next.1)
    {
        if run[0].1 {
            out.extend_from_slice(MASK);
        } else {
            out.extend(run.iter().map(|(byte, _)| **byte));
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_cut_and_no_pause_lets_a_secret_through(
        pieces in vec((any::<(prop::sample::Index, prop::sample::Index, prop::sample::Index)>(), vec(any::<u8>(), 0..12)), 0..8),
        kinds in vec(any::<prop::sample::Index>(), 5),
        chunks in vec((1_usize..40, any::<bool>()), 1..12),
    ) {
        let key = TestKey::generate();
        let mut all = forms::of_key(&PrivateKey::decode(key.pem().as_bytes()).expect("a key"));
        all.extend(forms::of_token(&token_of(&key)));
        let mut forms = Vec::new();
        for kind in kinds {
            forms.push(all.swap_remove(kind.index(all.len())));
        }
        let mut secrets = Secrets::new();
        secrets.add(&forms);
        let mut log = Vec::new();
        for ((form, one, other), innocent) in pieces {
            let form = form.get(&forms);
            let (one, other) = (one.index(form.bytes.len()), other.index(form.bytes.len()));
            log.extend_from_slice(&form.bytes[one.min(other)..one.max(other)]);
            log.extend(innocent);
        }
        let expected = replaced(&forms, &log);
        let steady: Vec<_> = chunks.iter().map(|(size, _)| (*size, false)).collect();
        prop_assert!(streamed(&secrets, &log, &steady) == expected, "in chunks");
        prop_assert!(streamed(&secrets, &log, &[(1, false)]) == expected, "in bytes");
        let paused = streamed(&secrets, &log, &chunks);
        prop_assert!(!secret_bytes(&forms, &paused).contains(&true), "with pauses");
    }

    #[test]
    fn innocent_bytes_pass_unchanged(log in vec(any::<u8>(), 0..2000), chunks in vec((1_usize..300, any::<bool>()), 1..12)) {
        let (_, secrets) = sample();
        prop_assert_eq!(streamed(&secrets, &log, &chunks), log);
    }
}
