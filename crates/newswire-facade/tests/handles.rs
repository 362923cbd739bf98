//! Handles: whatever number is handed in, it names what it was given for, or nothing.

use std::sync::Arc;

use newswire_facade::{BadHandle, HandleType, Handles};
use proptest::prelude::*;

#[test]
fn a_handle_names_its_value_until_it_is_closed() {
    let table = Handles::new(HandleType::Bus);
    let handle = table.insert(Arc::new(7)).unwrap();
    let held = table.get(handle).unwrap();
    assert_eq!(*table.remove(handle).unwrap(), 7);
    assert_eq!(*held, 7, "who holds it keeps it");
    assert_eq!(table.get(handle), Err(BadHandle::Stale));
    assert_eq!(table.remove(handle), Err(BadHandle::Stale), "closed twice");
}

#[test]
fn a_place_that_is_used_again_does_not_revive_an_old_handle() {
    let table = Handles::new(HandleType::Bus);
    let old = table.insert(Arc::new(1)).unwrap();
    table.remove(old).unwrap();
    let new = table.insert(Arc::new(2)).unwrap();
    assert_ne!(old, new);
    assert_eq!((table.get(old), table.len()), (Err(BadHandle::Stale), 1));
    assert_eq!(*table.get(new).unwrap(), 2);
}

#[test]
fn null_wrong_and_invented_handles_are_told_apart() {
    let (buses, filters) = (Handles::new(HandleType::Bus), Handles::new(HandleType::Filter));
    let filter = filters.insert(Arc::new(())).unwrap();
    buses.insert(Arc::new(())).unwrap();
    assert_eq!(buses.get(0), Err(BadHandle::Null));
    let wrong = BadHandle::Wrong { expected: HandleType::Bus, found: HandleType::Filter };
    assert_eq!(buses.get(filter), Err(wrong));
    assert_eq!(buses.get(u64::MAX), Err(BadHandle::Unknown));
    assert_eq!(buses.get((1 << 56) | 99), Err(BadHandle::Unknown), "a place that never was");
    assert_eq!(buses.get((1 << 56) | (1 << 24)), Err(BadHandle::Unknown), "a generation that never was");
}

proptest! {
    #[test]
    fn any_order_of_opening_and_closing_agrees_with_a_list(
        steps in proptest::collection::vec((0_u8..4, any::<u64>(), 0_usize..20), 0..200)
    ) {
        let table = Handles::new(HandleType::View);
        let mut open: Vec<(u64, usize)> = Vec::new();
        let mut closed: Vec<u64> = Vec::new();
        for (number, (step, wild, which)) in steps.into_iter().enumerate() {
            match step {
                0 => open.push((table.insert(Arc::new(number)).unwrap(), number)),
                1 if !open.is_empty() => {
                    let (handle, value) = open.swap_remove(which % open.len());
                    prop_assert_eq!(*table.remove(handle).unwrap(), value);
                    closed.push(handle);
                }
                2 if !closed.is_empty() => {
                    prop_assert_eq!(table.remove(closed[which % closed.len()]), Err(BadHandle::Stale));
                }
                _ => {
                    let known = open.iter().find(|(handle, _)| *handle == wild);
                    prop_assert_eq!(table.get(wild).ok().map(|value| *value), known.map(|(_, value)| *value));
                }
            }
            prop_assert_eq!(table.len(), open.len());
        }
    }
}
