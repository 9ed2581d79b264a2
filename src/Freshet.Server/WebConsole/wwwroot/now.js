import { html } from './vendor/htm-preact.js';
import { measure } from './format.js';
import { Head, Loading, Spark } from './parts.js';
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

export function Now({ report }) {
  const history = usePolled('/api/history', report, every(2000));
  if (!history) return html`<${Head} title="Now" /><${Loading} />`;
  const minutes = Math.round((history.series[0]?.values.length ?? 0) * history.everySeconds / 60);
  const time = minutes < 1 ? 'Since the start' : minutes === 1 ? 'The last minute' : `The last ${minutes} minutes`;
  return html`<${Head} title="Now" note=${`${time}, one value every ${history.everySeconds} s. Times to visible are of sampled requests.`} />
    <div class="tiles">${history.series.filter(s => !s.name.startsWith('segment ')).map(s => html`<${Tile} key=${s.name} series=${s} />`)}</div>`;
}
