// Pure maths of a list that is far longer than the screen: which rows are in sight, where they stand, how far to scroll to one.
// Not here: the DOM. Browsers cap the height of an element, so beyond a length the scroll bar is scaled: rows keep their size, a pixel of it means more.

const HEIGHT_MAX = 15_000_000, ROWS_BASE = 512;

/** `{ height, first, last, base, shift }`: row i stands at `(i - base) * row` of a layer that stands at `shift`; rows from first up to last, not included,
    are to be there. With a scaled bar only the layer moves from frame to frame; its rows stay where they are for as long as they can. */
export function windowOf({ total, row, view, scroll, beyond = 6 }) {
  const full = total * row, height = Math.min(full, HEIGHT_MAX);
  const top = Math.min(Math.max(0, scroll) * ratio(full, view), Math.max(0, full - view)), at = Math.floor(top / row);
  const first = Math.max(0, at - beyond), base = full > HEIGHT_MAX ? first - (first % ROWS_BASE) : 0;
  return { height, first, last: Math.min(total, at + Math.ceil(view / row) + 1 + beyond), base, shift: full > HEIGHT_MAX ? scroll - top + base * row : 0 };
}

const ratio = (full, view) => (full > HEIGHT_MAX ? (full - view) / (HEIGHT_MAX - view) : 1);

/** Where to scroll so that a row is wholly in sight; as little as possible. */
export function scrollTo({ index, total, row, view, scroll }) {
  const full = total * row, by = ratio(full, view), top = scroll * by;
  const wanted = index * row < top ? index * row : (index + 1) * row > top + view ? (index + 1) * row - view : top;
  return wanted === top ? scroll : Math.max(0, wanted / by);
}
