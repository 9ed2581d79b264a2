import { html } from './vendor/htm-preact.js';
import { count, isNumber, isTime } from './format.js';

const width = 1000;
const height = 280;
const left = 70;
const bottom = 30;
const pointsMax = 200;

// The first number against the first column: a line over times and numbers, else bars.
export function Chart({ columns, rows }) {
  const y = columns.findIndex((c, i) => i > 0 && isNumber(c.type));
  if (y < 0 || rows.length === 0) return html`<p class="note">A chart needs rows whose second or a later column is a number.</p>`;
  const ordered = isTime(columns[0].type) || isNumber(columns[0].type);
  let points = rows.map(r => ({ x: r[0], y: Number(r[y]) })).filter(p => Number.isFinite(p.y));
  if (ordered) points.sort((a, b) => a.x < b.x ? -1 : a.x > b.x ? 1 : 0);
  points = ordered ? points.slice(-pointsMax) : points.slice(0, 60);
  const most = Math.max(...points.map(p => p.y), 0) || 1;
  const least = Math.min(...points.map(p => p.y), 0);
  const up = v => (height - bottom) - (v - least) / (most - least) * (height - bottom - 16);
  const step = (width - left) / points.length;
  const label = i => String(points[i].x ?? 'NULL').slice(0, 19);
  const every = Math.ceil(points.length / 8);
  return html`<svg class="chart" viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${`${columns[y].name} by ${columns[0].name}`}>
    ${[least, least + (most - least) / 2, most].map(v => html`<line class="grid" x1=${left} x2=${width} y1=${up(v)} y2=${up(v)} /><text x=${left - 8} y=${up(v) + 4} text-anchor="end">${count(v)}</text>`)}
    ${ordered
      ? html`<polyline class="stroke" points=${points.map((p, i) => `${left + (i + .5) * step},${up(p.y)}`).join(' ')} />`
      : points.map((p, i) => html`<rect class="bar" x=${left + i * step + step * .15} width=${step * .7} y=${Math.min(up(p.y), up(0))} height=${Math.abs(up(p.y) - up(0))}><title>${String(p.x)}: ${count(p.y)}</title></rect>`)}
    ${points.map((_, i) => i % every === 0 ? html`<text x=${left + (i + .5) * step} y=${height - 8} text-anchor="middle">${label(i)}</text>` : null)}
  </svg>`;
}
