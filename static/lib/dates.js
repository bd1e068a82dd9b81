// Days and times as people type them: ISO, local orders, month names, "tomorrow", "+3d". Not here: how they are shown (app/types.js).

const WORDS = { today: 0, now: 0, tomorrow: 1, yesterday: -1 };
const STEPS = { d: ['day', 1], w: ['day', 7], m: ['month', 1], y: ['year', 1] };
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const CENTURY = 2000;

const two = n => String(n).padStart(2, '0');
const iso = date => `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** A day that exists, or null: 31 February is none. */
function day(year, month, date) {
  const y = year < 100 ? CENTURY + year : year, made = new Date(y, month - 1, date);
  return made.getFullYear() === y && made.getMonth() === month - 1 && made.getDate() === date ? made : null;
}

/** Whether this browser's people write the month before the day. */
const monthFirst = new Intl.DateTimeFormat(undefined).formatToParts(new Date(2001, 10, 22)).findIndex(p => p.type === 'month') === 0;

function relative(text, now) {
  if (text in WORDS) return new Date(now.getFullYear(), now.getMonth(), now.getDate() + WORDS[text]);
  const step = /^([+-]\d{1,4})\s*([dwmy])$/.exec(text);
  if (step) {
    const [unit, times] = STEPS[step[2]], n = Number(step[1]) * times;
    return new Date(now.getFullYear() + (unit === 'year' ? n : 0), now.getMonth() + (unit === 'month' ? n : 0), now.getDate() + (unit === 'day' ? n : 0));
  }
  const at = text.length >= 3 && /^[a-z]+$/.test(text) ? DAYS.indexOf(text.slice(0, 3)) : -1;
  if (at < 0) return null;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + ((at - now.getDay() + 6) % 7) + 1);
}

function absolute(text, now) {
  let m = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (m) return day(+m[1], +m[2], +m[3]);
  m = /^(\d{1,2})\.(\d{1,2})\.?(\d{2}|\d{4})?$/.exec(text);
  if (m) return day(m[3] ? +m[3] : now.getFullYear(), +m[2], +m[1]);
  m = /^(\d{1,2})\/(\d{1,2})(?:\/(\d{2}|\d{4}))?$/.exec(text);
  if (m) return monthFirst ? day(m[3] ? +m[3] : now.getFullYear(), +m[1], +m[2]) : day(m[3] ? +m[3] : now.getFullYear(), +m[2], +m[1]);
  m = /^(\d{1,2})[. ]+([a-z]{3,9})\.?,?(?: +(\d{4}))?$/.exec(text) ?? /^([a-z]{3,9})\.? +(\d{1,2}),?(?: +(\d{4}))?$/.exec(text);
  if (!m) return null;
  const [name, date] = /\d/.test(m[1]) ? [m[2], m[1]] : [m[1], m[2]], month = MONTHS.indexOf(name.slice(0, 3)) + 1;
  return month ? day(m[3] ? +m[3] : now.getFullYear(), month, +date) : null;
}

const dayOf = (text, now) => relative(text, now) ?? absolute(text, now);

/** `YYYY-MM-DD`, or null when no day can be read from it. */
export function parseDay(text, now = new Date()) {
  const found = dayOf(text.trim().toLowerCase(), now);
  return found && iso(found);
}

/** An instant in UTC from a day with a time of this place, or null. A day alone is its first minute; a time alone is today. */
export function parseMoment(text, now = new Date()) {
  const clean = text.trim().toLowerCase();
  if (clean === 'now') return new Date(Math.floor(now.getTime() / 60_000) * 60_000).toISOString().replace('.000', '');
  if (/^\d{4}-\d\d-\d\dt[\d:.]+(z|[+-]\d\d:?\d\d)$/.test(clean)) {
    const at = new Date(clean.toUpperCase());
    return Number.isNaN(at.getTime()) ? null : at.toISOString().replace('.000', '');
  }
  const m = /^(.*?)[,t ]*(?:(?:at )?(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(am|pm)?)?$/.exec(clean);
  if (!m || (!m[1] && m[2] === undefined)) return null;
  const date = m[1] ? dayOf(m[1].trim(), now) : new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const said = Number(m[2] ?? 0), hour = m[5] ? (said % 12) + (m[5] === 'pm' ? 12 : 0) : said;
  if (!date || said > (m[5] ? 12 : 23) || Number(m[3] ?? 0) > 59) return null;
  date.setHours(hour, Number(m[3] ?? 0), Number(m[4] ?? 0));
  return date.toISOString().replace('.000', '');
}

/** The same instant as a person of this place would type it: `2026-11-30 14:30`. */
export function momentText(value) {
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return String(value);
  const seconds = at.getSeconds() ? `:${two(at.getSeconds())}` : '';
  return `${iso(at)} ${two(at.getHours())}:${two(at.getMinutes())}${seconds}`;
}

const UNITS = [['second', 60], ['minute', 60], ['hour', 24]];
const relatively = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
/** "2 minutes ago", or null for what is a day ago or longer. */
export function ago(stamp, now = Date.now()) {
  let n = Math.max(0, Math.floor((now - new Date(stamp).getTime()) / 1000));
  for (const [unit, most] of UNITS) {
    if (n < most) return relatively.format(-n, unit);
    n = Math.floor(n / most);
  }
  return null;
}
