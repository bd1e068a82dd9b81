// The view helper: tagged templates become DOM, lists are keyed, updates touch only what changed.
// Not here: components and their life (el.js), anything that knows what an app or a record is.
//
// Only the constant strings of a template literal are ever parsed as HTML, through the one Trusted Types policy of this page.
// Values become text, attributes or properties, so nothing that came from a record can turn into markup.
const policy = globalThis.trustedTypes?.createPolicy('app', { createHTML: s => s }) ?? { createHTML: s => s };
const ELEMENTS_AND_COMMENTS = 129;
const plans = new WeakMap();

/** A piece of view. Holes are children, whole attribute values, `?boolean`, `.property` or `@event`. */
export const html = (strings, ...values) => ({ strings, values });

/** A keyed list: an item keeps its nodes, and so its focus, as long as its key stays. */
export const each = (items, key, view) => ({ items, key, view });

/** Walks one part of the literal and says whether it ends inside a tag. A quote opened before a hole is closed after it. */
function scan(part, state) {
  for (const c of part) {
    if (state.quote) { if (c === state.quote) state.quote = ''; }
    else if (state.tag) { if (c === '>') state.tag = false; else if (c === '"' || c === "'") state.quote = c; }
    else if (c === '<') state.tag = true;
  }
}

function markup(strings) {
  const state = { tag: false, quote: '' }, names = [];
  let source = '', strip = '';
  strings.forEach((raw, i) => {
    const part = strip && raw[0] === strip ? raw.slice(1) : raw;
    strip = '';
    scan(part, state);
    if (i === strings.length - 1) { source += part; return; }
    const hole = state.tag && /\s([.?@]?[\w:-]+)=(["']?)$/.exec(part);
    if (state.tag && !hole) throw new Error(`view: a hole inside a tag must be a whole attribute value: …${part.slice(-40)}`);
    if (hole) {
      names[i] = hole[1];
      strip = hole[2];
      state.quote = '';
      source += `${part.slice(0, hole.index)} h:${i}=""`;
    } else {
      names[i] = null;
      source += `${part}<!--h:${i}-->`;
    }
  });
  return { source, names };
}

function prepare(strings) {
  if (plans.has(strings)) return plans.get(strings);
  const { source, names } = markup(strings);
  const tpl = document.createElement('template');
  tpl.innerHTML = policy.createHTML(source);
  const parts = [];
  const walker = document.createTreeWalker(tpl.content, ELEMENTS_AND_COMMENTS);
  for (let node = walker.nextNode(), at = 0; node; node = walker.nextNode(), at++) {
    if (node.nodeType === Node.COMMENT_NODE) {
      if (node.data.startsWith('h:')) parts.push({ at, i: +node.data.slice(2), name: null });
      continue;
    }
    for (const a of [...node.attributes]) {
      if (!a.name.startsWith('h:')) continue;
      const i = +a.name.slice(2);
      parts.push({ at, i, name: names[i] });
      node.removeAttribute(a.name);
    }
  }
  const plan = { tpl, parts };
  plans.set(strings, plan);
  return plan;
}

/** One use of a template: the nodes between two marker comments, and the places in them that hold values. */
class Instance {
  constructor(result) {
    const { tpl, parts } = prepare(result.strings);
    this.strings = result.strings;
    this.frag = document.importNode(tpl.content, true);
    const walker = document.createTreeWalker(this.frag, ELEMENTS_AND_COMMENTS);
    let at = -1, node = null;
    this.parts = parts.map(p => {
      while (at < p.at) { node = walker.nextNode(); at++; }
      return p.name === null ? new Child(node, p.i) : new Attr(node, p.name, p.i);
    });
    this.first = new Comment();
    this.last = new Comment();
    this.frag.prepend(this.first);
    this.frag.append(this.last);
    this.update(result);
  }

  update({ values }) { for (const p of this.parts) p.set(values[p.i]); }

  place(before) {
    const parent = before.parentNode;
    if (this.frag) { parent.insertBefore(this.frag, before); this.frag = null; return; }
    // moveBefore keeps focus and running transitions of a moved row; browsers without it fall back to a plain move.
    const move = parent.moveBefore ? n => parent.moveBefore(n, before) : n => parent.insertBefore(n, before);
    this.#walk(move);
  }

  remove() { this.#walk(n => n.remove()); }

  #walk(act) {
    for (let n = this.first, next; ; n = next) {
      next = n.nextSibling;
      act(n);
      if (n === this.last) break;
    }
  }
}

class Attr {
  constructor(el, name, i) {
    this.el = el;
    this.i = i;
    this.kind = '.?@'.includes(name[0]) ? name[0] : '';
    this.name = this.kind ? name.slice(1) : name;
    if (!this.kind && (name === 'style' || name.startsWith('on'))) throw new Error(`view: attribute ${name} is not allowed`);
    if (this.kind === '@') el.addEventListener(this.name, this);
  }

  handleEvent(e) { this.old?.(e); }

  set(v) {
    // A property may have been changed by the person (a typed value), so it is always compared with the element itself.
    if (this.kind === '.') { if (this.el[this.name] !== v) this.el[this.name] = v; return; }
    if (v === this.old) return;
    this.old = v;
    if (this.kind === '@') return;
    if (this.kind === '?') this.el.toggleAttribute(this.name, !!v);
    else if (v === null || v === undefined || v === false) this.el.removeAttribute(this.name);
    else this.el.setAttribute(this.name, v);
  }
}

const kindOf = v => v.strings ? 'template' : v.items ? 'list' : 'text';

class Child {
  constructor(anchor, i) {
    this.anchor = anchor;
    this.i = i;
    this.kind = '';
    this.text = this.inst = this.map = null;
  }

  clear() {
    this.text?.remove();
    this.inst?.remove();
    if (this.map) for (const x of this.map.values()) x.remove();
    this.text = this.inst = this.map = null;
    this.kind = '';
  }

  set(v) {
    if (v === null || v === undefined || v === false) { if (this.kind) this.clear(); return; }
    const kind = kindOf(v);
    if (kind !== this.kind) { this.clear(); this.kind = kind; }
    if (kind === 'template') this.#template(v);
    else if (kind === 'list') this.#list(v);
    else if (!this.text) this.anchor.before(this.text = new Text(v));
    else if (this.text.data !== String(v)) this.text.data = v;
  }

  #template(v) {
    if (this.inst?.strings === v.strings) { this.inst.update(v); return; }
    this.inst?.remove();
    this.inst = new Instance(v);
    this.inst.place(this.anchor);
  }

  #list({ items, key, view }) {
    const old = this.map ?? new Map(), now = new Map();
    items.forEach((item, i) => {
      const k = key(item, i), result = view(item, i);
      if (now.has(k)) throw new Error(`view: the key ${k} occurs twice in one list`);
      let x = old.get(k);
      if (x && x.strings === result.strings) x.update(result);
      else { x?.remove(); x = new Instance(result); }
      old.delete(k);
      now.set(k, x);
    });
    for (const x of old.values()) x.remove();
    // Placing from the end means that each instance is compared with a neighbour that already stands right.
    let ref = this.anchor;
    for (const x of [...now.values()].reverse()) {
      if (x.frag || x.last.nextSibling !== ref) x.place(ref);
      ref = x.first;
    }
    this.map = now;
  }
}

const roots = new WeakMap();

/** Shows a result inside a host element, which from then on belongs to this helper. */
export function render(result, host) {
  let root = roots.get(host);
  if (!root) {
    const anchor = new Comment();
    host.replaceChildren(anchor);
    roots.set(host, root = new Child(anchor, 0));
  }
  root.set(result);
}
