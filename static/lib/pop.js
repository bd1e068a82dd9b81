// Floating boxes: where a menu stands next to its button, and walking its items by keyboard.
// Not here: opening and closing, which the browser does (popover attribute), and what is in a menu.

const GAP = 4;

/** Puts an open popover next to its button, on the side with room, inside the window. */
export function place(box, button) {
  const at = button.getBoundingClientRect();
  const below = at.bottom + GAP + box.offsetHeight <= innerHeight;
  const top = below ? at.bottom + GAP : Math.max(GAP, at.top - GAP - box.offsetHeight);
  const room = innerWidth - box.offsetWidth - GAP;
  box.style.top = `${top}px`;
  box.style.left = `${Math.max(GAP, Math.min(at.left, room))}px`;
}

/** The item a key leads to, or undefined when the key is not about moving. Letters find the next item that starts with them. */
export function nextItem(items, current, key) {
  const at = items.indexOf(current), last = items.length - 1;
  if (key === 'ArrowDown') return items[at === last ? 0 : at + 1];
  if (key === 'ArrowUp') return items[at <= 0 ? last : at - 1];
  if (key === 'Home') return items[0];
  if (key === 'End') return items[last];
  if (key.length !== 1 || key === ' ') return undefined;
  const ring = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  return ring.find(i => i.textContent.trim().toLowerCase().startsWith(key.toLowerCase()));
}
