// Style sheets that come with what they are for, so that the first screen does not wait for them. Not here: any rule.

const root = new URL('../', import.meta.url);
const worn = new Map();

/** Resolves once the sheet is in effect. One that cannot be loaded can be asked for again. */
export function wear(path) {
  if (!worn.has(path)) {
    worn.set(path, new Promise((done, fail) => {
      const link = document.createElement('link');
      link.rel = 'stylesheet';
      link.href = new URL(path, root).pathname;
      link.onload = done;
      link.onerror = () => { worn.delete(path); link.remove(); fail(new Error(path)); };
      document.head.append(link);
    }));
  }
  return worn.get(path);
}
