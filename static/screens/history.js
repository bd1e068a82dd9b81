// The history of an app: who did what, when and through what, by day, with undo; what was removed; checkpoints. The address says what is shown.
// Not here: one act (ui/act.js), checkpoints (ui/points.js), asking the server (app/history.js).
import { define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { go, withQuery } from '../lib/router.js';
import { loadDialects } from '../app/design.js';
import { ASKED, loadAct, loadActs, loadGone, loadGoneParts, loadPeople, loadPoints } from '../app/history.js';
import { learn, t } from '../app/i18n.js';
import { NAMES_IN_CELL, loadNames } from '../app/records.js';
import { canWrite, person, rights } from '../app/session.js';
import { byDay, dayName, takenAway, timeOf } from '../app/told.js';
import { HISTORY } from '../i18n/en-history.js';
import { AppScreen } from '../ui/appscreen.js';
import { failure } from '../ui/notice.js';
import { bars, icon } from '../ui/parts.js';
import { goBackTo } from '../ui/points.js';
import '../ui/act.js';

learn(HISTORY);

const KINDS = ['create', 'update', 'delete', 'import', 'define'], SHOWS = ['acts', 'gone', 'points'], TYPING_MS = 300, MOST = 1000;

class History extends AppScreen {
  static props = { ...AppScreen.props, query: null };
  // { list, before, more } of what is shown, or null while it is on its way.
  #found = null;
  // The act that the address opens, when it is not among those of the list.
  #asked_ = null;
  #parts = [];
  #points = [];
  #names = new Map();
  #people = [];
  #dialects = [];
  #wrong = null;
  #busy = false;
  #isNaming = false;
  #key = '';
  #of = null;
  #turn = 0;
  #timer = 0;
  #watch = null;

  get head() { return t('history.head'); }
  get place() { return 'history'; }
  get #show() { const show = this.query?.get('show'); return SHOWS.includes(show) ? show : 'acts'; }
  get #asked() { return Object.fromEntries(ASKED.map(name => [name, this.query?.get(name) || null])); }
  get #isFiltered() { return ASKED.some(name => this.query?.get(name)); }
  get #isOwner() { const can = rights.get(); return !can || can.manage || can.apps[this.app] === 'owner'; }

  connected() {
    super.connected();
    this.use(rights);
    this.life.addEventListener('abort', () => { this.#watch?.disconnect(); clearTimeout(this.#timer); });
  }

  /** Everything anew, as much as is shown now: after a change, and at first. */
  async arrived() {
    // Who may not see people or checkpoints does not ask for them.
    const [points, dialects, people] = await Promise.all([this.#isOwner ? loadPoints(this.app, this.life) : [], loadDialects(this.life).catch(() => []), this.#people.length || !rights.get()?.manage ? this.#people : loadPeople(this.life)]);
    this.#points = points;
    this.#dialects = dialects;
    this.#people = people;
    await this.#load(Math.min(MOST, this.#found?.list.length ?? 0));
  }

  prepare() {
    super.prepare();
    const key = JSON.stringify([this.app, this.#show, this.#asked]);
    if (key === this.#key) return;
    const isFirst = !this.#key, isOther = this.#of !== this.app;
    this.#key = key;
    // Names are an app's.
    if (isOther) { this.#of = this.app; this.#names = new Map(); this.#points = []; }
    this.#found = null;
    this.#wrong = null;
    if (!isFirst && this.meta) this.#load();
  }

  #load = async (least = 0) => {
    const turn = ++this.#turn, show = this.#show, asked = this.#asked;
    this.#wrong = null;
    try {
      const parts = show === 'gone' ? await loadGoneParts(this.app, this.life) : [];
      const found = show === 'acts' ? await loadActs(this.app, asked, { least: Math.max(50, least) }, this.life) : show === 'gone' ? await loadGone(this.app, { table: asked.table }, this.life) : { list: [], more: false };
      const c = show === 'acts' && this.query.get('c'), isThere = !c || found.list.some(act => String(act.seq) === c);
      const single = isThere ? null : await loadAct(this.app, c, this.life).catch(e => { if (['gone', 'invalid', 'forbidden'].includes(e.kind)) return null; throw e; });
      if (turn !== this.#turn) return;
      this.#asked_ = single;
      this.#parts = parts;
      this.#found = found;
      this.#nameThem(single ? [single, ...found.list] : found.list);
      if (show === 'acts') announce(t('history.found', { n: found.list.length }));
    } catch (e) {
      if (e.name === 'AbortError' || turn !== this.#turn) return;
      this.#wrong = e;
    }
    this.update();
  };

  /** On from where the list ends. */
  #older = async () => {
    if (this.#busy || !this.#found?.more) return;
    const turn = this.#turn, { before } = this.#found;
    this.#busy = true;
    this.update();
    try {
      const next = this.#show === 'gone' ? await loadGone(this.app, { table: this.#asked.table, before }, this.life) : await loadActs(this.app, this.#asked, { before }, this.life);
      if (turn === this.#turn) {
        this.#found = { ...next, list: [...this.#found.list, ...next.list] };
        this.#nameThem(next.list);
      }
    } catch (e) { if (e.name !== 'AbortError' && turn === this.#turn) this.#wrong = e; }
    this.#busy = false;
    this.update();
  };

  /** Names for the records that changes of these acts refer to. */
  async #nameThem(acts) {
    for (const table of this.meta.tables.filter(x => x.fields.some(f => f.target))) {
      const held = acts.filter(c => c.schema === table.slug).flatMap(c => [c.data?.before, c.data?.after].filter(Boolean));
      if (!held.length) continue;
      try {
        const names = await loadNames(this.app, this.meta.tables, table, held, NAMES_IN_CELL, this.life);
        this.#names = new Map([...this.#names, ...names]);
      } catch { return; }
    }
    this.update();
  }

  // The end of the list comes into sight: it goes on by itself. The button under it is for those who do not scroll.
  rendered() {
    const end = this.querySelector('.older');
    if (end === this.#watch?.end) return;
    this.#watch?.disconnect();
    this.#watch = null;
    if (!end) return;
    this.#watch = new IntersectionObserver(seen => { if (seen.some(s => s.isIntersecting)) this.#older(); }, { rootMargin: '300px' });
    this.#watch.observe(end);
    this.#watch.end = end;
  }

  #ask(changes) { go(withQuery({ ...changes, c: null }), { replace: true }); }
  #typed = e => {
    const words = e.target.value.trim();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask({ q: words || null }), TYPING_MS);
  };
  #toggle = seq => go(withQuery({ c: this.query.get('c') === String(seq) ? null : String(seq) }), { replace: true });

  #name = () => {
    this.#isNaming = true;
    this.update();
    whenRendered(() => this.querySelector('ui-points')?.focusName());
  };
  #unname = () => { this.#isNaming = false; this.update(); whenRendered(() => this.querySelector('.set-point')?.focus()); };
  #named = () => { this.#isNaming = false; this.reload(); };

  deeds() { return this.#isOwner ? [{ id: 'point', text: t('points.new'), sign: 'flag', run: this.#name }] : []; }
  actions() {
    return this.#isOwner ? html`<button type="button" class="btn line set-point" @click=${this.#name}>${icon('flag')}<span class="act-text">${t('points.new')}</span></button>` : null;
  }

  /** How a change came: the page, a dialect by its name, the command line. */
  #through(c) {
    if (c.tab) return t('history.page');
    return this.#dialects.find(d => d.id === c.via)?.name ?? (c.via === 'cli' ? t('history.cli') : c.via);
  }

  #select(name, label, choices) {
    const value = this.#asked[name] ?? '', all = choices.some(([v]) => v === value) || !value ? choices : [...choices, [value, value]];
    return html`<div class="pick"><label for=${`pick-${name}`}>${label}</label><select id=${`pick-${name}`} @change=${e => this.#ask({ [name]: e.target.value || null })}><option value="" .selected=${!value}>${t('history.all')}</option>${each(all, ([v]) => v, ([v, text]) => html`<option value=${v} .selected=${v === value}>${text}</option>`)}</select></div>`;
  }

  #filters() {
    const acts = this.#found?.list ?? [], mine = person.get()?.email;
    const people = [...new Set([...this.#people, ...acts.map(c => c.by)])].filter(x => x !== mine), tokens = [...new Set(acts.map(c => c.token).filter(Boolean))];
    const isActs = this.#show === 'acts', since = this.#asked.since;
    return html`<div class="picks" role="search" aria-label=${t('history.filter')}>
      ${isActs && html`<div class="pick pick-words"><label for="pick-q">${t('history.words')}</label><input id="pick-q" type="search" value=${this.#asked.q ?? ''} autocomplete="off" spellcheck="false" @input=${this.#typed}></div>
        ${this.#select('who', t('history.who'), [['me', t('history.me')], ...people.map(x => [x, x])])}
        ${this.#select('via', t('history.via'), [...this.#dialects.map(d => [d.id, d.name]), ['cli', t('history.cli')], ...tokens.map(x => [x, t('history.token', { name: x })])])}`}
      ${this.#select('table', t('history.table'), this.meta.tables.map(x => [x.slug, x.name]))}
      ${isActs && html`${this.#select('kind', t('history.kind'), KINDS.map(k => [k, t(`kind.${k}`)]))}
        ${each(['from', 'to'], x => x, x => html`<div class="pick"><label for=${`pick-${x}`}>${t(`history.${x}`)}</label><input id=${`pick-${x}`} type="date" .value=${this.#asked[x] ?? ''} @change=${e => this.#ask({ [x]: e.target.value || null })}></div>`)}`}
      ${since && html`<p class="hint">${t('history.since', { name: this.#points.find(p => String(p.change) === since)?.name ?? since })}</p>`}
      ${this.#isFiltered && html`<button type="button" class="btn" @click=${() => this.#ask(Object.fromEntries(ASKED.map(name => [name, null])))}>${t('none.clear')}</button>`}</div>`;
  }

  #mayUndo(c) { return canWrite(this.app) && (c.kind !== 'define' || this.#isOwner); }

  #act(c, more = {}) {
    const props = { word: null, isAlone: false, isOpen: this.query.get('c') === String(c.seq), onToggle: this.#toggle, ...more };
    return html`<li><ui-act .app=${this.app} .change=${c} .tables=${this.meta.tables} .names=${this.#names} .through=${this.#through(c)} .canUndo=${this.#mayUndo(c)}
      .word=${props.word} .isAlone=${props.isAlone} .isOpen=${props.isOpen} .onToggle=${props.onToggle}></ui-act></li>`;
  }

  #flag(point) {
    return html`<li class="flagged">${icon('flag')}<time datetime=${point.at}>${timeOf(point.at)}</time><span class="flag-name">${t('points.called', { name: point.name })}</span>
      <button type="button" class="btn" @click=${() => goBackTo(this.app, point)}>${t('points.return')}<span class="quiet"> ${point.name}</span></button></li>`;
  }

  #acts() {
    const { list } = this.#found, days = byDay(list, this.#isFiltered ? [] : this.#points);
    const single = this.#asked_ && this.query.get('c') === String(this.#asked_.seq) ? this.#asked_ : null;
    if (!days.length && !single) return html`<p class="hint">${t(this.#isFiltered ? 'history.nothing' : 'home.nothing')}</p>`;
    return html`${single && html`<section class="day"><h2>${dayName(new Date(single.at))}</h2><ul class="acts">${this.#act(single)}</ul></section>`}${each(days, d => d.day, d => html`<section class="day"><h2>${dayName(d.at)}</h2><ul class="acts">${each(d.list, r => r.seq, r => (r.act ? this.#act(r.act) : this.#flag(r.point)))}</ul></section>`)}`;
  }

  #gone() {
    const { list } = this.#found, table = this.#asked.table;
    const parts = this.#parts.filter(c => !table || c.schema === table), back = { word: t('history.back'), isOpen: false, onToggle: null };
    // Of an act with many the first cannot be brought back alone: with it come the others.
    const word = c => (c.entries > 1 && c.batch === null ? t('history.back.all', { n: c.entries }) : back.word);
    return html`<section><h2>${t('history.gone.parts')}</h2>${parts.length ? html`<ul class="acts">${each(parts, c => c.seq, c => this.#act({ ...c, sentence: t(takenAway(c).fields ? 'history.gone.field' : 'history.gone.table', { table: takenAway(c).table, field: takenAway(c).fields?.join(', ') }) }, back))}</ul>` : html`<p class="hint">${t('history.gone.noparts')}</p>`}</section>
      <section><h2>${t('history.gone.records')}</h2>${list.length ? html`<ul class="acts">${each(list, c => c.seq, c => this.#act(c, { ...back, word: word(c), isAlone: c.entries > 1 && c.batch !== null }))}</ul>` : html`<p class="hint">${t('history.gone.none')}</p>`}</section>`;
  }

  #list() {
    if (this.#wrong) return failure(this.#wrong, () => this.#load(), 2);
    if (!this.#found) return html`<div class="skeleton">${bars(6)}</div>`;
    if (this.#show === 'points') return null;
    return html`${this.#show === 'acts' ? this.#acts() : this.#gone()}${this.#found.more && html`<div class="row older"><button type="button" class="btn line" aria-disabled=${String(this.#busy)} @click=${this.#older}>${t(this.#busy ? 'history.loading' : 'history.older')}</button></div>`}`;
  }

  content() {
    const show = this.#show, isPoints = show === 'points';
    return html`<div class="page-col history"><nav class="tabs" aria-label=${t('history.head')}>${each(SHOWS.filter(s => s !== 'points' || this.#isOwner), s => s, s => html`<a href=${withQuery({ show: s === 'acts' ? null : s, c: null })} aria-current=${s === show ? 'page' : null}>${t(`history.show.${s}`)}</a>`)}</nav>
      ${this.#isNaming || isPoints ? html`<ui-points .app=${this.app} .points=${this.#points} .isNaming=${this.#isNaming} .hasList=${isPoints} .since=${p => withQuery({ show: null, since: String(p.change), c: null })} .onDone=${this.#named} .onCancel=${this.#unname}></ui-points>` : null}
      ${isPoints ? null : this.#filters()}${this.#list()}</div>`;
  }
}
define('screen-history', History);
