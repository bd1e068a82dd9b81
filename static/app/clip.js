// Cells as text that spreadsheets know, both ways: tab-separated values with their quotes, and a table for programs that take HTML.
// Not here: the clipboard itself (ui/gridclip.js), and what a text means for a field (app/parse.js).

const quoted = text => (/[\t\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export const toTsv = rows => rows.map(row => row.map(quoted).join('\t')).join('\n');

/** Made as nodes and then written out, so that no text of a record is ever read as markup. */
export function toTable(rows) {
  const table = document.createElement('table');
  for (const row of rows) {
    const tr = table.insertRow();
    for (const text of row) tr.insertCell().textContent = text;
  }
  return new XMLSerializer().serializeToString(table);
}

/** Rows of texts. A field in quotes may hold tabs and lines; a last line that is empty is none. */
export function fromTsv(text) {
  const rows = [[]];
  let field = '', isQuoted = false, began = true;
  const end = () => { rows.at(-1).push(field); field = ''; began = true; };
  const clean = text.replace(/\r\n?/g, '\n').replace(/\n$/, '');
  for (let i = 0; i < clean.length; i++) {
    const c = clean[i];
    if (isQuoted) {
      if (c === '"' && clean[i + 1] === '"') { field += '"'; i++; }
      else if (c === '"') isQuoted = false;
      else field += c;
    } else if (c === '"' && began) { isQuoted = true; began = false; }
    else if (c === '\t') end();
    else if (c === '\n') { end(); rows.push([]); }
    else { field += c; began = false; }
  }
  end();
  return rows;
}
