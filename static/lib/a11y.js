// Words for people who do not see the screen: the page title and the polite live region of index.html. And keys that are meant for what is on its way.
// Not here: focus inside one element, which that element keeps itself.

const HOLD_MS = 5_000;
/** Keys that are meant for what is on its way: nobody else hears them until they are taken, or it does not come. Gives how to take them. */
export function holdKeys() {
  const held = [], over = new AbortController();
  const hold = e => {
    e.preventDefault();
    e.stopImmediatePropagation();
    held.push(e);
  };
  addEventListener('keydown', hold, { capture: true, signal: over.signal });
  setTimeout(() => over.abort(), HOLD_MS);
  return () => {
    over.abort();
    return held.splice(0);
  };
}

/** Types keys that were held into a field, one by one. */
export function typeKeys(input, keys) {
  for (const { key, code, ctrlKey, metaKey, altKey, shiftKey } of keys) {
    if (!input.isConnected) return;
    const isSign = [...key].length === 1 && !ctrlKey && !metaKey && !altKey;
    if (isSign || (key === 'Backspace' && input.value)) {
      input.value = isSign ? input.value + key : input.value.slice(0, -1);
      input.dispatchEvent(new Event('input', { bubbles: true }));
    } else input.dispatchEvent(new KeyboardEvent('keydown', { key, code, ctrlKey, metaKey, altKey, shiftKey, bubbles: true, cancelable: true }));
  }
}

/** Says a short sentence once. The same sentence twice in a row is said twice. */
export function announce(text) {
  const live = document.getElementById('live');
  live.textContent = '';
  requestAnimationFrame(() => { live.textContent = text; });
}

/** "View – App": what a tab, a bookmark and a screen reader call this page. A new page is also announced. */
export function title(view, app) {
  const text = `${view} – ${app}`;
  if (document.title === text) return;
  document.title = text;
  announce(text);
}
