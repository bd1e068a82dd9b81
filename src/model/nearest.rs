//! The nearest valid name to one that is not: what every "did you mean" rests on.

/// The known name with the smallest edit distance, if it is near enough to be meant (a third of the length, at least one, case apart).
pub fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Of one or two letters everything is near.
    if wrong.len() > 64 || wrong.chars().count() < 3 {
        return None;
    }
    let wrong = wrong.to_lowercase();
    let far = (wrong.chars().count() / 3).max(1);
    known
        .map(|name| (distance(&wrong, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Edit distance in which two letters that changed places are one slip (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX / 2);
    let (mut before, mut row): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    let mut last = None;
    for (i, from) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let mut best = (at(&row, j) + usize::from(from != *to)).min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = j > 0 && last == Some(*to) && b.get(j - 1) == Some(&from);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        (before, row, last) = (row, next, Some(from));
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_that_could_be_meant() {
        let known = ["email", "name", "status", "close_date"];
        for (wrong, near) in [
            ("emial", Some("email")),
            ("Name", Some("name")),
            ("sttaus", Some("status")),
            ("closedate", Some("close_date")),
            ("x", None),
            ("amount", None),
        ] {
            assert_eq!(nearest(wrong, known.into_iter()), near, "{wrong}");
        }
    }
}
