// A request as a command or a little program that runs as it is: curl, JavaScript, Python. Whatever is in a value stays a value.
// Not here: which request (said.js), who asks (the caller puts the headers of a token in).

// In a shell nothing means anything between single quotes but the quote itself.
const shell = text => `'${text.replaceAll("'", "'\\''")}'`;
// What JSON writes for a text is the same text in JavaScript and in Python.
const quoted = text => JSON.stringify(text);
/** Whether a body can be shown as a value of a language: JSON whose numbers and keys are the same there. */
function valueOf(body) {
  // What no double holds, and the one key that JavaScript takes for something else, stay text.
  if (/\d{16}|\d[eE][+-]?\d{3}|__proto__/.test(body)) return undefined;
  try {
    const value = JSON.parse(body);
    return value !== null && typeof value === 'object' ? value : undefined;
  } catch { return undefined; }
}

const indented = (text, by) => text.replaceAll('\n', `\n${by}`);

/** `request` is { method, url, headers: [[name, value]], body }. */
export function curl({ method, url, headers, body }) {
  const how = method === 'GET' ? [] : method === 'HEAD' ? ['-I'] : ['-X', method];
  return [['curl -sS -g', ...how, shell(url)].join(' '), ...headers.map(([name, value]) => `-H ${shell(`${name}: ${value}`)}`), ...(body === null ? [] : [`--data-raw ${shell(body)}`])].join(' \\\n  ');
}

/** For Node and for browsers. */
export function javascript({ method, url, headers, body }) {
  const value = body === null ? undefined : valueOf(body), list = headers.map(([name, v]) => `    ${quoted(name)}: ${quoted(v)},\n`).join('');
  const lines = [`  method: ${quoted(method)},`];
  if (headers.length) lines.push(`  headers: {\n${list}  },`);
  if (body !== null) lines.push(`  body: ${value === undefined ? quoted(body) : `JSON.stringify(${indented(JSON.stringify(value, null, 2), '  ')})`},`);
  return `fetch(${quoted(url)}, {\n${lines.join('\n')}\n}).then(async answer => {\n  console.log(answer.status);\n  console.log(await answer.text());\n});`;
}

/** A value as Python writes it. */
function python_(value, by) {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = `${by}    `, isList = Array.isArray(value), items = isList ? value.map(v => `${inner}${python_(v, inner)},\n`) : Object.entries(value).map(([k, v]) => `${inner}${quoted(k)}: ${python_(v, inner)},\n`);
  const [open, close] = isList ? '[]' : '{}';
  return items.length ? `${open}\n${items.join('')}${by}${close}` : open + close;
}

/** With the package requests. */
export function python({ method, url, headers, body }) {
  const value = body === null ? undefined : valueOf(body), lines = [`    ${quoted(method)},`, `    ${quoted(url)},`];
  // With `json` the package says itself that it is JSON.
  const list = value === undefined ? headers : headers.filter(([name]) => name.toLowerCase() !== 'content-type');
  if (list.length) lines.push(`    headers={\n${list.map(([name, v]) => `        ${quoted(name)}: ${quoted(v)},\n`).join('')}    },`);
  if (body !== null) lines.push(value === undefined ? `    data=${quoted(body)}.encode("utf-8"),` : `    json=${python_(value, '    ')},`);
  return `import requests  # pip install requests\n\nanswer = requests.request(\n${lines.join('\n')}\n)\nprint(answer.status_code)\nprint(answer.text)`;
}

/** What says who asks, in a dialect's own way. `secret` is a token that was just made, or null for words to put it in. */
export function whoAsks(auth, secret) {
  if (auth === 'key-secret') return [['x-api-key', secret?.key ?? 'YOUR-KEY'], ['x-api-secret', secret?.secret ?? 'YOUR-SECRET']];
  return [['Authorization', `Bearer ${secret?.token ?? 'YOUR-TOKEN'}`]];
}
