import { html } from './vendor/htm-preact.js';
import { count, measure } from './format.js';
import { Head, Loading, Spark, chartWidth } from './parts.js';
import { every, usePolled } from './poll.js';

const titles = {
  accepted: 'Events accepted', rejected: 'Events rejected', 'durable p50': 'Request to durable, p50', 'durable p99': 'Request to durable, p99',
  'visible p50': 'Request to visible, p50', 'visible p99': 'Request to visible, p99', 'watermark lag': 'Watermark lag', backlog: 'Backlog', errors: 'Rows not decoded', processor: 'Processor', memory: 'Memory', log: 'Log on disk',
};

function Tile({ series }) {
  const last = series.values.at(-1) ?? 0;
  const most = Math.max(...series.values, 0);
  const [value, unit] = measure(last, series.unit);
  const [high, highUnit] = measure(most, series.unit);
  const title = titles[series.name] ?? series.name.replace(/^source /, 'Rows of ');
  const isBad = (series.name === 'errors' || series.name === 'rejected') && last > 0;
  return html`<div class=${`panel tile${isBad ? ' bad' : ''}`} data-series=${series.name}>
    <div class="name" title=${title}>${title}</div>
    <div class="value">${value}<small>${unit}</small></div>
    <${Spark} values=${series.values} label=${`${title}: now ${value} ${unit}, at most ${high} ${highUnit}`} />
    <div class="range">at most ${high} ${highUnit}</div></div>`;
}

const ms = v => v >= 1000 ? `${+(v / 1000).toPrecision(2)} s` : v >= 1 ? `${+v.toPrecision(2)} ms` : `${Math.round(v * 1000)} µs`;

// The last minute's requests by how long they took: each bar is twice as long as the one two before it.
function Latency({ of: { name, count: n, p50, p99, buckets } }) {
  const title = name === 'durable' ? 'Request to durable' : 'Request to visible';
  const width = chartWidth(480);
  // A few bars alone would be as broad as the panel.
  const shown = Math.max(buckets.length, 16);
  const step = width / shown;
  const most = Math.max(...buckets.map(b => b.count), 1);
  const every = Math.ceil(shown / 6);
  return html`<section class="panel" aria-label=${title} data-latency=${name}><header><h2>${title}</h2><span class="dim small">${n === 0 ? 'No request in the last minute' : `${count(n)} in the last minute, p50 ${ms(p50)}, p99 ${ms(p99)}`}</span></header>
    <div class="body"><svg class="chart" viewBox=${`0 0 ${width} 132`} role="img" aria-label=${n === 0 ? `${title}: nothing measured` : `${title}: half within ${ms(p50)}, 99 of 100 within ${ms(p99)}`}>
      <line class="grid" x1="0" x2=${width} y1="108" y2="108" />
      ${buckets.map((b, i) => b.count ? html`<rect class=${`bar${b.fromMs >= p99 ? ' out' : ''}`} x=${i * step + 1} width=${step - 2} y=${108 - Math.max(2, b.count / most * 100)} height=${Math.max(2, b.count / most * 100)} rx="1"><title>${ms(b.fromMs)} to ${ms(b.toMs)}: ${count(b.count)}</title></rect>` : null)}
      ${buckets.map((b, i) => i % every === 0 && i * step < width - 40 ? html`<text x=${i * step + 1} y="126">${ms(b.fromMs)}</text>` : null)}</svg></div></section>`;
}

export function Now({ report }) {
  const history = usePolled('/api/history', report, every(2000));
  if (!history) return html`<${Head} title="Now" /><${Loading} />`;
  const minutes = Math.round((history.series[0]?.values.length ?? 0) * history.everySeconds / 60);
  const time = minutes < 1 ? 'Since the start' : minutes === 1 ? 'The last minute' : `The last ${minutes} minutes`;
  return html`<${Head} title="Now" note=${`${time}, one value every ${history.everySeconds} s. Times to visible are of sampled requests.`} />
    <div class="two tiles-head">${history.latencies.map(l => html`<${Latency} key=${l.name} of=${l} />`)}</div>
    <div class="tiles">${history.series.filter(s => !s.name.startsWith('segment ')).map(s => html`<${Tile} key=${s.name} series=${s} />`)}</div>`;
}
