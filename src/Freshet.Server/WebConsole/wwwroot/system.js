import { html } from './vendor/htm-preact.js';
import { bytes, count, dayText, duration, short, timeText } from './format.js';
import { Empty, Facts, Head, Loading, Panel, Table } from './parts.js';
import { every, usePolled } from './poll.js';

const number = (title) => [title, true];

function Logs({ report }) {
  const logs = usePolled('/api/logs', report, every(3000));
  if (!logs) return html`<${Loading} />`;
  if (logs.lines.length === 0) return html`<${Empty} title="Nothing printed">The program has had nothing to say since its start.<//>`;
  return html`<pre class="code wrap" tabindex="0" role="region" aria-label="Lines">${logs.lines.slice(-200).map((l, i) => html`<div key=${i}><span class="com">${timeText(l.at)}</span>  ${l.text}</div>`)}</pre>`;
}

function Config({ report }) {
  const config = usePolled('/api/config', report, every(30000));
  if (!config) return html`<${Loading} />`;
  // What somebody has set comes first.
  const settings = config.settings.toSorted((a, b) => (a.from === 'default') - (b.from === 'default'));
  return html`<${Panel} title="Configuration in force" pad=${false} aside=${html`<span class="dim small break">${config.project}</span>`}><${Table} label="Configuration" columns=${[['Setting'], ['Value'], ['From'], ['Meaning', false, true]]} rows=${settings.map(s => [html`<b class="mono">${s.name}</b>`, s.value === '' ? html`<span class="dim">empty</span>` : html`<span class="mono">${s.value}</span>`, s.from === 'default' ? html`<span class="dim">default</span>` : html`<span class="badge accent">${s.from}</span>`, html`<span class="dim">${s.help}</span>`])} /><//>
    <${Panel} title="Write keys" pad=${false}>${config.keys.length === 0 ? html`<${Empty} title="No keys">No event can come in: add "keys" to freshet.json.<//>` : html`<${Table} label="Write keys" columns=${[['Key'], ['Source'], ['Kind'], number('Events a second, at most')]} rows=${config.keys.map(k => [html`<span class="mono">${k.key}</span>`, k.source, k.kind, count(k.eventsPerSecond)])} />`}<//>`;
}

export function System({ report }) {
  const status = usePolled('/api/status', report, every(3000));
  if (!status) return html`<${Head} title="System" /><${Loading} />`;
  const { log, engine, ingest, subscriptions } = status;
  return html`<${Head} title="System" note=${`Freshet ${status.version}.`} />
    <div class="stack"><div class="panel pad"><${Facts} of=${[['Up for', duration(status.uptimeSeconds)], ['Step', count(engine.step)], ['Memory', bytes(status.residentBytes)], ['Log', bytes(log.bytes)], ['A sync takes', `${log.syncMsMean} ms`], ['Events taken', short(ingest.accepted)], ['Subscribers', count(subscriptions.readers)], ['Disk', log.diskFull ? 'full' : 'has room']]} /></div>
      ${log.diskFull ? html`<p class="error" role="alert">The disk is full: events are refused until there is room. What was accepted is safe.</p>` : null}
      <${Panel} title="Topics" pad=${false}><${Table} label="Topics" columns=${[['Topic'], ['Durability'], number('First offset'), number('Next offset'), number('Size')]} rows=${log.topics.map(t => [html`<b>${t.name}</b>`, t.durability, count(t.start), count(t.end), bytes(t.bytes)])} /><//>
      <${Panel} title="Sources" pad=${false}><${Table} label="Sources" columns=${[['Table'], number('Position'), number('Rows'), number('Not decoded'), ['Watermark'], ['Problem', false, true]]} rows=${engine.sources.map(s => [html`<b>${s.name}</b>`, count(s.position), count(s.rows), count(s.errors), s.watermark ? dayText(s.watermark) : 'none', s.problem ?? s.lastError ?? ''])} /><//>
      <${Panel} title="Views" pad=${false}><${Table} label="Views" columns=${[['View'], number('Rows'), number('Late rows'), number('Row errors'), number('Size')]} rows=${engine.views.filter(v => !/\$(errors|late)/.test(v.name)).map(v => [v.name.includes('$') ? html`<span class="dim">${v.name}</span>` : html`<a href=${`#/pipelines/${encodeURIComponent(v.name)}`}>${v.name}</a>`, count(v.rows), count(v.lateRows ?? 0), count(v.rowErrors ?? 0), bytes(v.bytes)])} /><//>
      <${Config} report=${report} />
      <${Panel} title="Recent lines" pad=${false}><${Logs} report=${report} /><//></div>`;
}
