//! Several things at a time, with their results in order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How many things the machine does at a time.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Does the work for each item, up to `at_once` at a time. The results stand in the order of the items.
pub fn each<T: Sync, R: Send>(
    items: &[T],
    at_once: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..at_once.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else {
                        return;
                    };
                    let result = work(item);
                    done.lock()
                        .expect("no thread panics with the lock")
                        .push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no thread panics with the lock");
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// As [`each`], for work that may fail: after a failure nothing more is begun, since the rest would meet the same obstacle.
///
/// # Errors
/// The first failure in the order of the items.
pub fn try_each<T: Sync, R: Send>(
    items: &[T],
    at_once: usize,
    work: impl Fn(&T) -> anyhow::Result<R> + Sync,
) -> anyhow::Result<Vec<R>> {
    let failed = AtomicBool::new(false);
    let results = each(items, at_once, |item| {
        if failed.load(Ordering::Relaxed) {
            return None;
        }
        let result = work(item);
        failed.fetch_or(result.is_err(), Ordering::Relaxed);
        Some(result)
    });
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        let items: Vec<u32> = (0..100).collect();
        for at_once in [1, 3, 1000] {
            let doubled = each(&items, at_once, |item| item * 2);
            assert_eq!(doubled, items.iter().map(|it| it * 2).collect::<Vec<_>>());
        }
        assert!(each(&[], 2, |item: &u32| *item).is_empty());
    }

    #[test]
    fn nothing_is_begun_after_a_failure() {
        let begun = AtomicUsize::new(0);
        let failed = try_each(&[1, 2, 3, 4], 1, |item| {
            begun.fetch_add(1, Ordering::Relaxed);
            anyhow::ensure!(*item != 2, "two");
            Ok(*item)
        });
        assert_eq!(failed.unwrap_err().to_string(), "two");
        assert_eq!(begun.into_inner(), 2);
        assert_eq!(try_each(&[1, 2], 2, |item| Ok(*item)).unwrap(), [1, 2]);
    }
}
