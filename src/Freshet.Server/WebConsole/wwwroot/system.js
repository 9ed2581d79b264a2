import { html } from './vendor/htm-preact.js';
import { count, measure } from './format.js';
import { usePolled } from './poll.js';

const bytes = value => measure(value, 'bytes').join(' ');

function Table({ title, columns, rows }) {
  return html`<h2>${title}</h2><div class="panel scroll" tabindex="0" role="region" aria-label=${title}><table>
    <thead><tr>${columns.map((c, i) => html`<th class=${i > 0 ? 'number' : ''}>${c}</th>`)}</tr></thead>
    <tbody>${rows.map(r => html`<tr>${r.map((v, i) => html`<td class=${i > 0 ? 'number' : ''}>${v}</td>`)}</tr>`)}</tbody></table></div>`;
}

export function System({ report }) {
  const status = usePolled('/api/status', report, () => 5000);
  if (!status) return html`<p class="note">Loading.</p>`;
  const { log, engine, subscriptions } = status;
  return html`<h1>System</h1>
    <p class="note">Version ${status.version}, up for ${measure(status.uptimeSeconds, 's').join(' ')}, step ${count(engine.step)}, ${bytes(status.residentBytes)} of memory, ${count(subscriptions.readers)} subscribers${log.diskFull ? ', the disk is full' : ''}.</p>
    <${Table} title="Topics" columns=${['Topic', 'Durability', 'First offset', 'Next offset', 'Bytes']} rows=${log.topics.map(t => [t.name, t.durability, count(t.start), count(t.end), bytes(t.bytes)])} />
    <${Table} title="Sources" columns=${['Table', 'Position', 'Rows', 'Not decoded', 'Watermark']} rows=${engine.sources.map(s => [s.name, count(s.position), count(s.rows), count(s.errors), s.watermark ?? 'none'])} />
    <${Table} title="Views" columns=${['View', 'Rows', 'Late rows', 'Row errors', 'Bytes']} rows=${engine.views.map(v => [v.name, count(v.rows), count(v.lateRows ?? 0), count(v.rowErrors ?? 0), bytes(v.bytes)])} />
    <${Table} title="Operators" columns=${['Operator', 'Rows in', 'Rows out', 'Busy', 'State rows', 'State bytes']} rows=${engine.operators.map(o => [o.name, count(o.rowsIn), count(o.rowsOut), `${count(o.busyMs)} ms`, count(o.stateRows), bytes(o.stateBytes)])} />`;
}
