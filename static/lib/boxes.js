// Placing boxes of different heights in columns, and a line from one box to another. Plain arithmetic.
// Not here: what the boxes are (ui/diagram.js).

/** `{ key, height }[]` to `Map(key, { x, y })`: each box goes to the column that is shortest so far. */
export function place(boxes, { width, gapX, gapY }) {
  const columns = Array.from({ length: Math.max(1, Math.ceil(Math.sqrt(boxes.length))) }, () => 0), at = new Map();
  for (const { key, height } of boxes) {
    const column = columns.indexOf(Math.min(...columns));
    at.set(key, { x: column * (width + gapX), y: columns[column] });
    columns[column] += height + gapY;
  }
  return at;
}

/** A curve from a side of one box to the nearer side of the other: the data of an SVG path. */
export function curve(from, to, width) {
  const isRight = to.x >= from.x + width, isSame = Math.abs(to.x - from.x) < width;
  const x1 = isRight || isSame ? from.x + width : from.x, x2 = isSame ? to.x + width : isRight ? to.x : to.x + width;
  const bend = isSame ? 48 : Math.max(32, Math.abs(x2 - x1) / 2), out = isRight || isSame ? 1 : -1, into = isSame ? 1 : -out;
  return `M${x1} ${from.y}C${x1 + bend * out} ${from.y} ${x2 + bend * into} ${to.y} ${x2} ${to.y}`;
}
