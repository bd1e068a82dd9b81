// The checkpoints of an app: setting one, going back to one, with what that would change, forgetting one.
// Not here: where they stand in the history (screens/history.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { takeBack } from '../app/edit.js';
import { dropPoint, rehearseReturn, setPoint } from '../app/history.js';
import { t } from '../app/i18n.js';
import { note } from '../app/notes.js';
import { formatStamp } from '../app/types.js';
import { offerUndo } from '../app/undo.js';
import { ask } from './ask.js';
import { icon } from './parts.js';

/** Goes back to a checkpoint, once the person has seen how much that changes. */
export async function goBackTo(app, point) {
  try {
    const { created, updated, deleted, definitions } = await rehearseReturn(app, point.id);
    if (!created && !updated && !deleted && !definitions) { note(t('points.same', { name: point.name })); return; }
    const counts = Object.entries({ created, updated, deleted, definitions }).filter(([, n]) => n);
    const body = html`<p>${t('points.ask')}</p><ul class="ask-list">${each(counts, ([key]) => key, ([key, n]) => html`<li>${t(`points.${key}`, { n })}</li>`)}</ul><p class="hint">${t('points.ask.hint')}</p>`;
    if (!await ask({ title: t('points.return.to', { name: point.name }), body, answers: [{ value: 'yes', text: t('points.return'), isMain: true }] })) return;
    await takeBack({ app, checkpoint: point.id, label: t('points.return.to', { name: point.name }), onConflict: 'overwrite' });
    note(t('points.returned', { name: point.name }), { actions: offerUndo() });
  } catch (e) { note(t('save.why', { why: e.message }), { bad: true, stays: true }); }
}

class Points extends El {
  // points: newest first. isNaming: with a field for a new one. onDone: asks for them again; gets the new one. onCancel: no new one after all.
  static props = { app: null, points: [], isNaming: false, hasList: true, since: null, onDone: null, onCancel: null };
  #wrong = null;
  #busy = false;

  focusName() { this.querySelector('#point-name')?.focus(); }

  #set = async e => {
    e.preventDefault();
    const input = this.querySelector('#point-name'), name = input.value.trim();
    if (this.#busy) return;
    this.#wrong = name ? null : t('points.noname');
    this.#busy = !this.#wrong;
    this.update();
    try {
      if (!this.#wrong) {
        const point = await setPoint(this.app, name);
        note(t('points.made', { name }));
        this.onDone(point);
      }
    } catch (fault) { this.#wrong = fault.message; }
    this.#busy = false;
    this.update();
    if (this.#wrong) input.focus();
  };

  #drop = async point => {
    this.#wrong = null;
    try {
      await dropPoint(this.app, point.id);
      announce(t('points.dropped', { name: point.name }));
      this.onDone(null);
    } catch (fault) { this.#wrong = fault.message; this.update(); }
  };

  #form() {
    return html`<form class="boxed point-form" novalidate @submit=${this.#set} @keydown=${e => { if (e.key === 'Escape') { e.stopPropagation(); this.onCancel(); } }}>
      <div class="field"><label for="point-name">${t('points.name')}</label><input id="point-name" type="text" maxlength="100" autocomplete="off" placeholder=${t('points.example')} aria-invalid=${this.#wrong ? 'true' : null} aria-describedby="point-wrong"></div>
      <div class="row"><button type="submit" class="btn main-act tall" aria-disabled=${String(this.#busy)}>${t('points.set')}</button><button type="button" class="btn tall" @click=${this.onCancel}>${t('ask.cancel')}</button></div>
      <p class="form-error" id="point-wrong" role="alert">${this.#wrong}</p></form>`;
  }

  #point(p) {
    return html`<li class="listed"><div><h3>${icon('flag')}${p.name}</h3><p class="hint">${t('points.by', { who: p.by, at: formatStamp(p.at) })} · <a href=${this.since(p)}>${t('points.since')}<span class="quiet"> ${p.name}</span></a></p></div>
      <div class="row"><button type="button" class="btn line" @click=${() => goBackTo(this.app, p)}>${t('points.return')}<span class="quiet"> ${p.name}</span></button>
        <button type="button" class="btn square" aria-label=${t('points.drop', { name: p.name })} title=${t('points.drop', { name: p.name })} @click=${() => this.#drop(p)}>${icon('bin')}</button></div></li>`;
  }

  view() {
    return html`${this.isNaming && this.#form()}${this.hasList && html`<h2 class="quiet">${t('history.show.points')}</h2><p class="hint">${t('points.text')}</p>${this.points.length ? html`<ul class="list">${each(this.points, p => p.id, p => this.#point(p))}</ul>` : html`<p class="hint">${t('points.none')}</p>`}
      ${!this.isNaming && this.#wrong && html`<p class="form-error" role="alert">${this.#wrong}</p>`}`}`;
  }
}
define('ui-points', Points);
