// One value that others can watch. Not here: what the value means, and who may change it.

/** `on` calls back after every change, until the given signal aborts. */
export function store(initial) {
  let value = initial;
  const watchers = new Set();
  return {
    get: () => value,
    set(next) {
      if (next === value) return;
      value = next;
      for (const fn of [...watchers]) fn(value);
    },
    on(fn, signal) {
      watchers.add(fn);
      signal?.addEventListener('abort', () => watchers.delete(fn), { once: true });
    },
  };
}
