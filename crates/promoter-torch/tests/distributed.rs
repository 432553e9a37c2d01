//! Groups of several ranks, each a thread of this process.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use promoter_torch::Error;
use promoter_torch::distributed::{Group, Reducer, Rendezvous, synchronised};
use tch::{Device, Kind, Tensor};

/// A port that is free now.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn rendezvous(rank: usize, size: usize, port: u16) -> Rendezvous {
    let timeout = Duration::from_secs(30);
    let host = "127.0.0.1".into();
    Rendezvous { rank, size, host, port, launcher_serves: false, restarts: 0, interface: None, timeout }
}

/// What each rank makes of its group.
fn ranks<T: Send>(size: usize, work: impl Fn(Group) -> T + Sync) -> Vec<T> {
    let port = port();
    let join = |rank| {
        tch::set_num_threads(1);
        Group::join(&rendezvous(rank, size, port)).unwrap()
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..size)
            .map(|rank| {
                scope.spawn({
                    let work = &work;
                    move || work(join(rank))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn sums_copies_and_bytes_are_the_same_on_every_rank() {
    let found = ranks(3, |group| {
        let rank = group.rank();
        assert_eq!((group.size(), group.is_alone(), group.leads()), (3, false, rank == 0));
        let tensors = [Tensor::from_slice(&[rank as f32, 1.0]), Tensor::from_slice(&[rank as f32 + 0.5])];
        group.all_reduce(&tensors).unwrap();
        let own = Tensor::from_slice(&[rank as i64 + 7]);
        group.broadcast(&[own.shallow_clone(), tensors[0].shallow_clone()]).unwrap();
        group.barrier().unwrap();
        let any = [group.any(rank == 1).unwrap(), group.any(false).unwrap()];
        let bytes = group.gather(&b"abc"[..rank]).unwrap();
        let values = |tensor: &Tensor| Vec::<f64>::try_from(tensor.to_kind(Kind::Double)).unwrap();
        (tensors.map(|tensor| values(&tensor)), values(&own), any, bytes)
    });
    let bytes = vec![b"".to_vec(), b"a".to_vec(), b"ab".to_vec()];
    assert_eq!(found[0], ([vec![3.0, 3.0], vec![4.5]], vec![7.0], [true, false], bytes));
    assert!(found.iter().all(|other| *other == found[0]));
}

/// Two layers and rows of a loss that is a mean over all of them.
fn network() -> [Tensor; 3] {
    let numbers = |n: i64, factor: f64| ((Tensor::arange(n, (Kind::Float, Device::Cpu)) * factor).sin()) * 0.5;
    let leaf = |tensor: Tensor| tensor.set_requires_grad(true);
    [leaf(numbers(40, 0.7).reshape([8, 5])), leaf(numbers(8, 0.3).reshape([1, 8])), numbers(35, 1.3).reshape([7, 5])]
}

fn loss([first, second, _]: &[Tensor; 3], rows: &Tensor) -> Tensor {
    let output = rows.matmul(&first.tr()).tanh().matmul(&second.tr());
    (output - 1.0).square().sum(Kind::Float) / 7.0
}

/// Uneven shares: the gradients are those of all rows, whoever has them, and the same to the last bit on all ranks.
#[test]
fn a_reducer_sums_the_gradients_of_all_ranks_losses() {
    let network_of_one = network();
    let whole = loss(&network_of_one, &network_of_one[2]);
    let [first, second, _] = &network_of_one;
    let expected = Tensor::run_backward(&[whole], &[first, second], false, false);
    for size in [2, 3] {
        let found = ranks(size, |group| {
            let network = network();
            let weights = [network[0].shallow_clone(), network[1].shallow_clone()];
            let reducer = Reducer::new(&group, &weights).unwrap().unwrap();
            // Step after step, with nothing left of the one before.
            let step = || {
                let rows = network[2].slice(0, group.rank() as i64, 7, group.size() as i64);
                reducer.backward(&loss(&network, &rows)).unwrap()
            };
            let [_, _, third] = [step(), step(), step()];
            third
        });
        for gradients in &found {
            assert_eq!(gradients, &found[0]);
            for (found, expected) in gradients.iter().zip(&expected) {
                assert!((found - expected).abs().max().double_value(&[]) < 1e-6);
            }
        }
    }
    assert!(Reducer::new(&Group::alone(), &[first.shallow_clone()]).unwrap().is_none());
}

/// x -> total -> loss of each rank: the gradient of a summand has the losses of all ranks in it.
#[test]
fn a_total_has_the_gradients_of_every_ranks_loss() {
    let found = ranks(2, |group| {
        let x = Tensor::from_slice(&[1.0f64 + group.rank() as f64]).set_requires_grad(true);
        let total = group.total(&x).unwrap();
        // 3 and 3 of the total: t^2 and 2 t^2.
        let loss = total.square() * (group.rank() as f64 + 1.0);
        let gradient = Tensor::run_backward(&[loss], &[&x], false, false).remove(0);
        (total.double_value(&[0]), gradient.double_value(&[0]))
    });
    assert_eq!(found, [(3.0, 18.0), (3.0, 18.0)]);
}

#[test]
fn a_group_is_synchronised_within_and_not_after() {
    let inside =
        ranks(2, |group| (group.synchronise(|| synchronised().map(|group| group.size())), synchronised().is_none()));
    assert_eq!(inside, [(Some(2), true), (Some(2), true)]);
    assert!(Group::alone().synchronise(|| synchronised().is_none()));
}

#[test]
fn ranks_that_leave_are_named_to_all_others() {
    for gone in [0, 1] {
        let errors = ranks(3, |group| {
            group.barrier().unwrap();
            if group.rank() == gone {
                return None;
            }
            let error = loop {
                if let Err(error) = group.barrier() {
                    break error;
                }
            };
            Some(error)
        });
        for error in errors.iter().flatten() {
            let text = error.to_string();
            assert!(text.starts_with(&format!("rank {gone} of 3 has ended")), "{text}");
        }
        assert_eq!(errors.iter().flatten().count(), 2);
    }
}

#[test]
fn a_rank_that_never_comes_is_named_after_the_time_out() {
    let at = Rendezvous { timeout: Duration::from_secs(2), ..rendezvous(0, 2, port()) };
    let text = Group::join(&at).unwrap_err().to_string();
    assert!(text.starts_with("rank 1 of 2 has ended or does not answer"), "{text}");
    let error = Group::join(&rendezvous(2, 2, 1)).unwrap_err();
    assert!(matches!(error, Error::Rank { rank: 2, size: 2 }), "{error}");
    assert!(Group::join(&Rendezvous { size: 1, ..at }).unwrap().is_alone());
}
