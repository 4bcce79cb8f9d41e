use std::sync::Mutex;

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use proptest::prelude::*;

use super::*;
use crate::crypto::pages::unmapped_by_this_thread;
use crate::crypto::testing::hex;

const FLOOR: (u32, u32, u32) = (19_456, 2, 1);

fn cost((memory_kib, passes, lanes): (u32, u32, u32)) -> Argon2Cost {
    Argon2Cost::new(memory_kib, passes, lanes).unwrap()
}

fn quiet(_: u32, _: u32) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

const SMALL: Input<'_> = Input {
    passphrase: &[1; 32],
    salt: &[2; 16],
    secret: &[3; 8],
    associated: &[4; 12],
    memory_kib: 32,
    passes: 3,
    lanes: 4,
};

/// The `argon2` crate, an independent implementation.
fn oracle(input: &Input<'_>) -> [u8; 32] {
    let mut params = ParamsBuilder::new();
    params
        .m_cost(input.memory_kib)
        .t_cost(input.passes)
        .p_cost(input.lanes)
        .output_len(32);
    params.data(AssociatedData::new(input.associated).unwrap());
    let params = params.build().unwrap();
    let context =
        Argon2::new_with_secret(input.secret, Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut key = [0; 32];
    context
        .hash_password_into(input.passphrase, input.salt, &mut key)
        .unwrap();
    key
}

#[test]
fn every_kernel_gives_the_answer_of_rfc_9106_on_any_number_of_threads() {
    // Section 5.3.
    let expected = hex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
    for kernel in Kernel::available() {
        for threads in 1..=5 {
            let key = run(
                &SMALL,
                &Means {
                    kernel,
                    threads,
                    progress: &quiet,
                },
            )
            .unwrap();
            assert!(key.ct_eq(&expected), "{kernel:?} on {threads} threads");
        }
    }
}

fn parameters() -> impl Strategy<Value = (u32, u32, u32)> {
    // Few blocks per lane, where the rules for references have their edges, as often as many.
    let memory = |lanes| prop_oneof![8 * lanes..=12 * lanes + 3, 8 * lanes..=4096];
    (1..=8_u32).prop_flat_map(move |lanes| (memory(lanes), 1..=4_u32, Just(lanes)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_kernel_agrees_with_the_argon2_crate(
        (memory_kib, passes, lanes) in parameters(),
        threads in 1..=9_usize,
        passphrase in prop::collection::vec(any::<u8>(), 0..200),
        salt in prop::array::uniform32(any::<u8>()),
        secret in prop::collection::vec(any::<u8>(), 0..33),
        associated in prop::collection::vec(any::<u8>(), 0..33),
    ) {
        let input = Input {
            passphrase: &passphrase,
            salt: &salt,
            secret: &secret,
            associated: &associated,
            memory_kib,
            passes,
            lanes,
        };
        let expected = oracle(&input);
        for kernel in Kernel::available() {
            let key = run(&input, &Means { kernel, threads, progress: &quiet }).unwrap();
            prop_assert!(key.ct_eq(&expected), "{:?}", kernel);
        }
    }
}

#[test]
fn argon2id_gives_the_answers_of_the_reference_implementation() {
    // The C reference implementation, through Python's argon2-cffi (`low_level.hash_secret_raw`).
    let passphrase = Passphrase::new("correct horse battery sta\u{308}ple").unwrap();
    let salt: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
    for (parameters, expected) in [
        (
            FLOOR,
            "e8ae7b6ee04dc9424a4381cf2349be56a10a19d90427ce1b8517ba6a21f2c201",
        ),
        (
            (65_536, 3, 4),
            "2841f1e791501eb20a46942893422ae2000c8439bf82e143e19b77e550d6247c",
        ),
    ] {
        let key = argon2id(&passphrase, &salt, cost(parameters)).unwrap();
        assert!(key.ct_eq(&hex(expected)));
    }
}

#[test]
fn the_number_of_threads_does_not_change_the_key() {
    let derive_on = |threads| {
        let options = Options {
            threads,
            progress: None,
        };
        derive(b"threads", &[0; 32], cost((19_456, 2, 3)), &options).unwrap()
    };
    let expected = derive_on(Threads::Available);
    for count in [1, 2, usize::MAX] {
        let key = derive_on(Threads::AtMost(NonZeroUsize::new(count).unwrap()));
        assert!(key.ct_eq(expected.expose()), "{count}");
    }
}

#[test]
fn progress_rises_by_one_from_one_to_four_per_pass() {
    let told = Mutex::new(Vec::new());
    let progress = |done, total| {
        told.lock().unwrap().push((done, total));
        ControlFlow::Continue(())
    };
    let options = Options {
        progress: Some(&progress),
        ..Options::default()
    };
    let passphrase = Passphrase::new("progress").unwrap();
    // Also when the key is remembered.
    argon2id(&passphrase, &[0; 32], cost((19_456, 3, 2))).unwrap();
    argon2id_with(&passphrase, &[0; 32], cost((19_456, 3, 2)), &options).unwrap();
    let expected: Vec<_> = (1..=12).map(|done| (done, 12)).collect();
    assert_eq!(told.into_inner().unwrap(), expected);
}

#[test]
fn a_cancelled_derivation_stops_there_and_wipes_its_memory() {
    for last in [1, 4, 5, 12] {
        let calls = Mutex::new(0);
        let progress = |done, _| {
            *calls.lock().unwrap() += 1;
            if done == last {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        unmapped_by_this_thread();
        let result = run(
            &SMALL,
            &Means {
                kernel: Kernel::best(),
                threads: 2,
                progress: &progress,
            },
        );
        assert_eq!(result.unwrap_err(), CryptoError::Cancelled);
        assert_eq!(calls.into_inner().unwrap(), last);
        assert_eq!(unmapped_by_this_thread(), [(32 * 1024, true)]);
    }
}

#[test]
fn a_finished_derivation_wipes_its_memory() {
    unmapped_by_this_thread();
    let key = run(
        &SMALL,
        &Means {
            kernel: Kernel::best(),
            threads: 2,
            progress: &quiet,
        },
    )
    .unwrap();
    assert_eq!(unmapped_by_this_thread(), [(32 * 1024, true)]);
    drop(key);
}

#[test]
fn each_input_changes_the_key() {
    let (one, other) = (
        Passphrase::new("one").unwrap(),
        Passphrase::new("other").unwrap(),
    );
    let keys = [
        argon2id(&one, &[0; 32], cost(FLOOR)).unwrap(),
        argon2id(&other, &[0; 32], cost(FLOOR)).unwrap(),
        argon2id(&one, &[1; 32], cost(FLOOR)).unwrap(),
        argon2id(&one, &[0; 32], cost((19_456, 3, 1))).unwrap(),
        argon2id(&one, &[0; 32], cost((19_456, 2, 2))).unwrap(),
        argon2id(&one, &[0; 32], cost((19_457, 2, 1))).unwrap(),
    ];
    for (index, key) in keys.iter().enumerate() {
        assert!(
            keys[..index]
                .iter()
                .all(|earlier| !earlier.ct_eq(key.expose()))
        );
    }
}

#[test]
fn each_derivation_counts_for_its_thread_also_when_remembered() {
    let passphrase = Passphrase::new("counted").unwrap();
    let before = derivations();
    let first = argon2id(&passphrase, &[9; 32], cost(FLOOR)).unwrap();
    let second = argon2id(&passphrase, &[9; 32], cost(FLOOR)).unwrap();
    assert!(first.ct_eq(second.expose()));
    let afresh = derive(
        passphrase.expose(),
        &[9; 32],
        cost(FLOOR),
        &Options::default(),
    )
    .unwrap();
    assert!(first.ct_eq(afresh.expose()));
    assert_eq!(derivations() - before, 2);
    assert_eq!(std::thread::spawn(derivations).join().unwrap(), 0);
}
