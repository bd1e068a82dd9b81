// Words for people who do not see the screen: the page title and the polite live region of index.html.
// Not here: focus inside one element, which that element keeps itself.

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
