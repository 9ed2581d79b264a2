const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const small = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

// A value with its unit, as [text, unit].
export function measure(value, unit) {
  if (unit === 'bytes') {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let at = 0;
    while (value >= 1024 && at < units.length - 1) { value /= 1024; at++; }
    return [number.format(value), units[at]];
  }
  if (unit === 's' && value >= 120) return value >= 86400 ? [number.format(value / 86400), 'd'] : value >= 7200 ? [number.format(value / 3600), 'h'] : [number.format(value / 60), 'min'];
  return [value < 10 ? small.format(value) : number.format(value), unit];
}

export const count = value => number.format(value);

export const rowsOf = n => `${count(n)} row${n === 1 ? '' : 's'}`;

export const isNumber = type => /^(TINYINT|SMALLINT|INT|BIGINT|DECIMAL|FLOAT|DOUBLE)/.test(type);

export const isTime = type => /^(DATE|TIMESTAMP)/.test(type);

export const cell = value => value === null ? 'NULL' : typeof value === 'object' ? JSON.stringify(value) : String(value);
