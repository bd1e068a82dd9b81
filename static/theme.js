// The colour theme, and a narrow rail, before the first paint, so that a dark page never flashes white. A classic script for that reason: it blocks.
// Not here: the colours (css/tokens.css) and the choice in the menu (ui/profile.js), which stores it and fires `ui:theme`.
(() => {
  const apply = () => {
    let choice = null;
    // Storage can be switched off by the person; the page then follows the system.
    try { choice = localStorage.getItem('ui:theme'); } catch { /* nothing stored */ }
    if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
    else delete document.documentElement.dataset.theme;
  };
  apply();
  try { document.documentElement.toggleAttribute('data-narrow', localStorage.getItem('ui:rail') === 'narrow'); } catch { /* nothing stored */ }
  document.addEventListener('ui:theme', apply);
  addEventListener('storage', apply);
})();
