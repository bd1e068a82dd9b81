// The keys of the page: one list, by which they work and which the dialog of keys shows. And how a key that is pressed is written.
// Not here: what they do (ui/keys.js), the keys of the grid at work (ui/gridkeys.js); what the list says of those is for reading.

const LETTERS = 'ui:letters';

/** Where, what (`key.<id>` is its text), and the keys. Two keys with a space between them are pressed one after the other. */
export const KEYS = [
  ['all', 'palette', ['Ctrl+K']], ['all', 'help', ['?']], ['all', 'undo', ['Ctrl+Z']], ['all', 'redo', ['Ctrl+Shift+Z', 'Ctrl+Y']],
  ['all', 'rail', ['Ctrl+B']], ['all', 'region', ['F6']], ['all', 'region.back', ['Shift+F6']],
  ['all', 'go.home', ['G O']], ['all', 'go.history', ['G H']], ['all', 'go.diagram', ['G D']], ['all', 'go.settings', ['G S']],
  ['table', 'search', ['/']], ['table', 'new', ['Alt+N']], ['table', 'save', ['Ctrl+S']], ['table', 'api', ['Ctrl+.']],
  ['grid', 'grid.move', ['←', '↑', '→', '↓']], ['grid', 'grid.ends', ['Home', 'End']], ['grid', 'grid.corners', ['Ctrl+Home', 'Ctrl+End']], ['grid', 'grid.page', ['PageUp', 'PageDown']], ['grid', 'grid.edge', ['Ctrl+←↑→↓']],
  ['grid', 'grid.edit', ['Enter', 'F2']], ['grid', 'grid.empty', ['Delete']], ['grid', 'grid.open', ['Space']], ['grid', 'grid.pick', ['Shift+Space']], ['grid', 'grid.all', ['Ctrl+A']],
  ['grid', 'grid.range', ['Shift+←↑→↓']], ['grid', 'grid.clip', ['Ctrl+C', 'Ctrl+X', 'Ctrl+V']], ['grid', 'grid.fill', ['Ctrl+Enter']], ['grid', 'grid.menu', ['Alt+↓']], ['grid', 'grid.place', ['Alt+↑', 'Alt+↓']], ['grid', 'grid.leave', ['Tab']],
  ['edit', 'edit.down', ['Enter', 'Shift+Enter']], ['edit', 'edit.right', ['Tab', 'Shift+Tab']], ['edit', 'edit.back', ['Esc']],
  ['record', 'record.step', ['Alt+↑', 'Alt+↓']], ['record', 'record.close', ['Esc']],
].map(([where, id, keys]) => ({ where, id, keys }));

/** `Ctrl+Shift+Z` for a key that is pressed; ⌘ counts as Ctrl, and what a browser fills in by itself has no key. With Alt, and where the letters are others, by its place on the keyboard. */
export function keyOf({ key = '', code = '', ctrlKey, metaKey, altKey, shiftKey }) {
  const control = ctrlKey || metaKey, place = /^Key([A-Z])$/.exec(code)?.[1], isForeign = key.length === 1 && key > '\u007f';
  const name = place && (altKey || (control && isForeign)) ? place : key.length === 1 ? key.toUpperCase() : key;
  // A sign that needs Shift says so itself.
  const isShifted = shiftKey && (name.length > 1 || /[A-Z]/.test(name));
  return [control && 'Ctrl', altKey && 'Alt', isShifted && 'Shift', name].filter(Boolean).join('+');
}

/** Whether a key types something: such keys work outside of texts only, and can be switched off. */
export const isLetter = key => [...key].length === 1;

/** Whether single letters do something. */
export function hasLetters() {
  try { return localStorage.getItem(LETTERS) !== 'off'; } catch { return true; }
}
export const keepLetters = on => (on ? localStorage.removeItem(LETTERS) : localStorage.setItem(LETTERS, 'off'));

const isMac = () => /Mac|iP(?:hone|ad)/.test(globalThis.navigator?.platform ?? '');
/** A key as it is written on the keyboards of this system, piece by piece. */
export const piecesOf = key => key.split(/\+(?=.)/).map(piece => (isMac() ? { Ctrl: '⌘', Alt: '⌥', Shift: '⇧' }[piece] ?? piece : piece));
