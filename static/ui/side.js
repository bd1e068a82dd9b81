// What stands beside the grid of a table: the record that the address opens, with steps to its neighbours among the rows.
// Not here: how a record looks (record.js), where the grid scrolls to (screens/table.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { go, withQuery } from '../lib/router.js';
import { OneRecord } from '../app/rows.js';
import { t } from '../app/i18n.js';
import './record.js';

class Side extends El {
  // recordId: the record. rows: app/rows.js or app/groups.js; version: grows when they changed. contextOf: what cells are told, for some names. isOff: while something lies over it.
  static props = { app: null, table: null, tables: null, rows: null, version: 0, recordId: null, contextOf: null, isOff: false, onReveal: null, onClose: null };
  #one = new OneRecord(() => this.update());
  // Where to go once the row is here.
  #edge = null;

  connected() { this.life.addEventListener('abort', () => this.#one.stop()); }

  prepare() {
    const { app, tables, table, recordId: id, rows } = this, next = this.#edge === null ? null : rows.at(this.#edge);
    if (next) { this.#edge = null; go(withQuery({ r: next.id, at: null }), { replace: true }); return; }
    this.#one.want(app, tables, table, id, rows);
  }

  /** Called after a person opened the record, so that reading goes on there. */
  focusHead() { this.querySelector('ui-record')?.focusHead(); }

  /** To the record before, -1, or behind, 1. */
  step = way => {
    const { rows } = this, at = rows.indexOf(this.recordId), to = at + way;
    if (at < 0 || to < 0 || to >= rows.length) return;
    const next = rows.at(to);
    this.onReveal(to);
    if (next) go(withQuery({ r: next.id, at: null }), { replace: true });
    else { this.#edge = to; rows.need(to, to); }
  };

  #again = () => {
    const { app, tables, table, recordId: id, rows } = this;
    this.#one.want(app, tables, table, id, rows, true);
    this.update();
  };

  view() {
    const one = this.#one, { rows, table, contextOf } = this, at = one.id && !rows.groupAt ? rows.indexOf(one.id) : -1;
    return html`<ui-record ?inert=${this.isOff} .table=${table} .record=${one.record} .recordId=${one.id} .context=${contextOf(one.names)} .fault=${one.fault}
      .place=${at < 0 ? null : t('record.place', { at: at + 1, total: rows.length })} .isFirst=${at === 0} .isLast=${at === rows.length - 1} .onClose=${this.onClose} .onStep=${this.step} .onRetry=${this.#again}></ui-record>`;
  }
}
define('ui-side', Side);
