import { html } from './vendor/htm-preact.js';
import { measure } from './format.js';
import { usePolled } from './poll.js';

const titles = {
  accepted: 'Events accepted', rejected: 'Events rejected', 'durable p50': 'Request to durable, p50', 'durable p99': 'Request to durable, p99',
  'visible p50': 'Request to visible, p50', 'visible p99': 'Request to visible, p99', 'watermark lag': 'Watermark lag', backlog: 'Backlog', errors: 'Rows not decoded', processor: 'Processor', memory: 'Memory', log: 'Log on disk',
};

function Spark({ values, label }) {
  if (values.length < 2) return html`<svg class="spark" role="img" aria-label=${label}></svg>`;
  const most = Math.max(...values, 1e-9);
  const points = values.map((v, i) => `${(i / (values.length - 1) * 300).toFixed(1)},${(46 - v / most * 42).toFixed(1)}`).join(' ');
  return html`<svg class="spark" viewBox="0 0 300 48" preserveAspectRatio="none" role="img" aria-label=${label}>
    <polygon class="fill" points=${`0,48 ${points} 300,48`} /><polyline class="stroke" points=${points} /></svg>`;
}

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

export function Now({ report }) {
  const history = usePolled('/api/history', report, () => document.hidden ? 10000 : 2000);
  if (!history) return html`<p class="note">Loading.</p>`;
  const minutes = Math.round((history.series[0]?.values.length ?? 0) * history.everySeconds / 60);
  return html`<h1>Now</h1>
    <p class="note">${minutes < 1 ? 'Since the start' : minutes === 1 ? 'The last minute' : `The last ${minutes} minutes`}, one value every ${history.everySeconds} s. Times to visible are of sampled requests.</p>
    <div class="tiles">${history.series.map(s => html`<${Tile} key=${s.name} series=${s} />`)}</div>`;
}
