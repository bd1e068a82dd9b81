// Copying a text. The clipboard of the browser is there on safe origins only; elsewhere the old way does it.
// Not here: what is copied, and the button (ui/copybutton.js).

/** Whether it worked. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { /* No safe origin, or not allowed: the old way. */ }
  const box = document.createElement('textarea');
  box.value = text;
  box.className = 'quiet';
  const back = document.activeElement;
  // Inside an open dialog only what is in it can take the focus.
  (back?.closest('dialog') ?? document.body).append(box);
  box.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    box.remove();
    back?.focus();
  }
}
