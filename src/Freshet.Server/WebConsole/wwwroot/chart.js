import { html } from './vendor/htm-preact.js';
import { isNumber, isTime, short } from './format.js';
import { chartWidth } from './parts.js';

const height = 280;
const bottom = 30;
const pointsMax = 200;
const barsMax = 60;

// Columns that can stand upright in a chart.
export const numbersOf = columns => columns.map((c, i) => [i, c]).filter(([i, c]) => i > 0 && isNumber(c.type)).map(([i]) => i);

// One number against the first column, as a line or as bars; by itself a line over times and numbers, else bars.
export function Chart({ columns, rows, kind = 'auto', value }) {
  const numbers = numbersOf(columns);
  const y = numbers.includes(value) ? value : numbers[0];
  if (y === undefined || rows.length === 0) return html`<p class="empty">A chart needs rows whose second or a later column is a number.</p>`;
  const width = chartWidth(1000);
  const left = width < 500 ? 46 : 70;
  const isOrdered = isTime(columns[0].type) || isNumber(columns[0].type);
  const isLine = kind === 'line' || (kind === 'auto' && isOrdered);
  let points = rows.map(r => ({ x: r[0], y: Number(r[y]) })).filter(p => Number.isFinite(p.y));
  if (isOrdered) points.sort((a, b) => isNumber(columns[0].type) ? a.x - b.x : a.x < b.x ? -1 : a.x > b.x ? 1 : 0);
  points = isOrdered ? points.slice(isLine ? -pointsMax : -barsMax) : points.slice(0, isLine ? pointsMax : barsMax);
  const most = Math.max(...points.map(p => p.y), 0) || 1;
  const least = Math.min(...points.map(p => p.y), 0);
  const up = v => (height - bottom) - (v - least) / (most - least) * (height - bottom - 16);
  const step = (width - left) / points.length;
  const label = i => String(points[i].x ?? 'NULL').slice(0, 19);
  const every = Math.ceil(points.length / Math.max(1, Math.min(8, Math.floor((width - left) / (8 * Math.max(...points.map((_, i) => label(i).length)) || 1)))));
  return html`<svg class="chart" viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${`${columns[y].name} by ${columns[0].name}`}>
    ${[least, least + (most - least) / 2, most].map(v => html`<line class="grid" x1=${left} x2=${width} y1=${up(v)} y2=${up(v)} /><text x=${left - 8} y=${up(v) + 4} text-anchor="end">${short(v)}</text>`)}
    ${isLine
      ? html`<polygon class="fill" points=${`${left + .5 * step},${up(Math.max(0, least))} ${points.map((p, i) => `${left + (i + .5) * step},${up(p.y)}`).join(' ')} ${left + (points.length - .5) * step},${up(Math.max(0, least))}`} /><polyline class="stroke" points=${points.map((p, i) => `${left + (i + .5) * step},${up(p.y)}`).join(' ')} />`
      : points.map((p, i) => html`<rect class="bar" x=${left + i * step + step * .15} width=${Math.min(step * .7, 80)} y=${Math.min(up(p.y), up(0))} height=${Math.abs(up(p.y) - up(0))} rx="2"><title>${String(p.x)}: ${short(p.y)}</title></rect>`)}
    ${points.map((_, i) => i % every === 0 ? html`<text x=${left + (isLine ? (i + .5) * step : i * step + step * .15 + Math.min(step * .7, 80) / 2)} y=${height - 8} text-anchor="middle">${label(i)}</text>` : null)}
  </svg>`;
}
