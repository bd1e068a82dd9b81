// A question in a dialog: a title, what it is about, and answers of which one is given. Esc and the cross answer with nothing.
// Not here: what is asked. Forms that hold more than a question are elements of their own.
import { html, each, render } from '../lib/view.js';
import { t } from '../app/i18n.js';

/** `answers`: [{ value, text, isMain, check }]; one whose `check` says no leaves the question open. Gives the value, or null. `body` is a piece of view. */
export function ask({ title, body, answers }) {
  const dialog = document.createElement('dialog'), before = document.activeElement;
  dialog.className = 'ask';
  dialog.setAttribute('aria-label', title);
  const end = value => { dialog.returnValue = value ?? ''; dialog.close(); };
  const give = async a => { if (!a.check || await a.check()) end(a.value); };
  render(html`<h2>${title}</h2>${body}
    <div class="ask-answers">
      ${each(answers, a => a.value, a => html`<button type="button" class=${a.isMain ? 'btn main-act tall' : 'btn line tall'} @click=${() => give(a)}>${a.text}</button>`)}
      <button type="button" class="btn tall" @click=${() => end(null)}>${t('ask.cancel')}</button>
    </div>`, dialog);
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector('edit-text, edit-choose, select, .main-act')?.focus();
  return new Promise(resolve => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
      resolve(dialog.returnValue || null);
    }, { once: true });
  });
}
