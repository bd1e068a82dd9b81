// What a demo says of itself: that its file goes with the program, and the way to keep it. In any other file nothing stands here.
// Not here: how a copy of the file is made (app/account.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { keepFile } from '../app/keep.js';
import { learn, t } from '../app/i18n.js';
import { workspace } from '../app/meta.js';
import { DOOR } from '../i18n/en-door.js';
import { icon } from './parts.js';

learn(DOOR);

class DemoBar extends El {
  #state = null;

  connected() { this.use(workspace); }

  #keep = async () => {
    if (this.#state === 'busy') return;
    this.#state = 'busy';
    this.update();
    try {
      location.assign(await keepFile());
      this.#state = 'kept';
      announce(t('demo.said'));
    } catch (fault) {
      this.#state = fault.message;
      announce(fault.message);
    }
    this.update();
  };

  view() {
    if (!workspace.get()?.demo) return null;
    const busy = this.#state === 'busy';
    const said = this.#state === 'kept' ? html`${t('demo.kept')} <code>carryall serve --db FILE</code>` : busy ? null : this.#state;
    return html`<div class="demo" role="note"><p>${t('demo.text')}</p>
      <p>${t('demo.more')}</p>${said && html`<p>${said}</p>`}
      <button type="button" class="btn line" aria-disabled=${String(busy)} @click=${this.#keep}>${icon('download')}${t(busy ? 'demo.busy' : 'demo.keep')}</button></div>`;
  }
}
define('ui-demobar', DemoBar);
