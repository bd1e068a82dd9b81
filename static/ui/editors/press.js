// While the pointer is pressed elsewhere an open editor stays as it is: what is clicked must not move away under the pointer.
// Not here: what an editor does when it is left (base.js).

/** `open` gives the editor that is open in `host`, or null. It is left once the click is over. */
export function holdWhilePressed(host, open) {
  const way = { capture: true, signal: host.life };
  let held = null, hasLeft = false;
  const release = () => {
    const editor = held;
    held = null;
    // After the click, which may have dealt with the editor already.
    if (editor && hasLeft) setTimeout(() => { hasLeft = false; if (open() === editor) editor.finish(null); });
  };
  addEventListener('pointerdown', e => {
    const editor = open();
    if (editor !== held) hasLeft = false;
    held = editor && !editor.contains(e.target) ? editor : null;
  }, way);
  host.addEventListener('focusout', e => {
    if (!held?.contains(e.target)) return;
    hasLeft = true;
    e.stopPropagation();
  }, way);
  addEventListener('pointerup', release, way);
  addEventListener('pointercancel', release, way);
}
