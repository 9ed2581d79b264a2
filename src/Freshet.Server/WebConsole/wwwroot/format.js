const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const small = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

// A value with its unit, as [text, unit].
export function measure(value, unit) {
  if (unit === 'bytes') {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let at = 0;
    while (value >= 1024 && at < units.length - 1) { value /= 1024; at++; }
    return [number.format(value), units[at]];
  }
  if (unit === 's' && value >= 120) return value >= 172800 ? [number.format(value / 86400), 'd'] : value >= 7200 ? [number.format(value / 3600), 'h'] : [number.format(value / 60), 'min'];
  if (unit === 'ms' && value >= 10000) return measure(value / 1000, 's');
  return [value < 10 ? small.format(value) : number.format(value), unit];
}

export const count = value => number.format(value);

export const short = value => value < 10000 ? (value > 0 && value < 10 ? small : number).format(value) : compact.format(value);

export const percent = share => share > 0 && share < 0.001 ? '< 0.1 %' : `${number.format(share * 100)} %`;

export const bytes = value => measure(value, 'bytes').join(' ');

export const duration = seconds => measure(seconds, 's').join(' ');

export const rate = value => `${short(value)}/s`;

export const rowsOf = n => `${count(n)} row${n === 1 ? '' : 's'}`;

// Times of the server are ISO, or SQL's with a space; those of SQL are UTC.
export const timeOf = text => new Date(/[Zz]|[+-]\d\d:?\d\d$/.test(text) ? text.replace(' ', 'T') : `${text.replace(' ', 'T')}Z`);

export const timeText = text => clock.format(timeOf(text));

export const dayText = text => `${day.format(timeOf(text))}, ${timeText(text)}`;

export function ago(text) {
  const seconds = Math.max(0, (Date.now() - timeOf(text)) / 1000);
  return seconds < 5 ? 'just now' : `${duration(Math.round(seconds))} ago`;
}

export const isNumber = type => /^(TINYINT|SMALLINT|INT|BIGINT|DECIMAL|FLOAT|DOUBLE)/.test(type);

export const isTime = type => /^(DATE|TIMESTAMP)/.test(type);

export const cell = value => value === null ? 'NULL' : typeof value === 'object' ? JSON.stringify(value) : String(value);

// A string within a statement.
export const quoted = text => `'${String(text).replaceAll("'", "''")}'`;
