import { html, useEffect, useRef, useState } from './vendor/htm-preact.js';
import { call, parse, query } from './api.js';
import { count, dayText, quoted, rate, timeText } from './format.js';
import { Empty, Head, Json, Loading, Pairs } from './parts.js';

const kept = 200;
const types = ['track', 'identify', 'page', 'screen', 'group', 'alias'];

export const nameOf = event => event.event ?? event.name ?? event.type ?? 'event';

// What an event says of who sent it, as type:value; the first is what its profile is looked up by.
export function identifiersOf(event) {
  const email = event.traits?.email ?? event.context?.traits?.email;
  return [event.userId && `user_id:${event.userId}`, email && `email:${email}`, event.anonymousId && `anonymous_id:${event.anonymousId}`].filter(Boolean);
}

// The lines of a stream, one after another until it ends.
async function follow(path, signal, show) {
  const reader = (await call(path, { signal })).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    for (const line of lines) show(parse(line));
  }
}

// What a message has changed, as far as tables tell: told traits that are its, entries and exits that it caused, merges.
function Changes({ event, report }) {
  const [changes, setChanges] = useState(null);
  useEffect(() => {
    const abort = new AbortController();
    report(async () => {
      const ask = async sql => (await (await query(sql, abort.signal)).json()).rows;
      const tables = new Set((await ask('SHOW TABLES')).map(r => r[0]));
      const id = quoted(event.messageId);
      const wanted = [
        ['profile_traits', `SELECT 'trait', name, \`value\` FROM profile_traits WHERE message_id = ${id}`],
        ['segment_changes', `SELECT 'segment', segment, change FROM segment_changes WHERE cause = ${id}`],
        ['profile_merges', `SELECT 'merge', CAST(merged_profile_id AS STRING), CAST(profile_id AS STRING) FROM profile_merges WHERE message_id = ${id}`],
      ].filter(([table]) => tables.has(table)).map(([, sql]) => sql);
      setChanges(wanted.length === 0 ? [] : await ask(wanted.join(' UNION ALL ')));
    });
    return () => abort.abort();
  }, [event.messageId]);
  if (!changes) return html`<p class="dim">Looking up what it changed.</p>`;
  if (changes.length === 0) return html`<p class="dim">It has told no trait that still stands, moved nobody between segments and merged no profiles.</p>`;
  return html`<ul class="timeline">${changes.map(([kind, name, value]) => html`<li class=${kind === 'merge' ? 'link' : kind === 'segment' ? 'warn' : ''}>${kind === 'trait' ? html`Told <b>${name}</b> = <span class="mono">${value}</span>`
    : kind === 'segment' ? html`${value === 'entered' ? 'Entered' : 'Left'} <a href=${`#/segments/${encodeURIComponent(name)}`}>${name}</a>`
    : html`Profile <a href=${`#/profiles/profile_id:${value}`}>${value}</a> took in profile ${name}`}</li>`)}</ul>`;
}

function Opened({ entry, report }) {
  const { event, reason, action } = entry;
  const who = event ? identifiersOf(event) : [];
  return html`<div class="open"><div class="stack">${reason ? html`<p class=${action === 'warn' ? 'notice warn' : 'error'}>${action === 'warn' ? 'Taken, with a warning: ' : 'Rejected: '}${reason}</p>` : null}
      ${event ? html`<${Json} label="Payload" value=${event} />` : html`<p class="dim">It was too long to be kept here.</p>`}</div>
    <div class="stack"><${Pairs} of=${[['Came at', dayText(entry.at)], event?.timestamp && ['Event time', dayText(event.timestamp)], entry.sequence !== undefined && ['Offset', count(entry.sequence)], event?.source && ['Source', event.source], event?.messageId && ['Message', html`<span class="mono">${event.messageId}</span>`],
        who.length > 0 && ['Who', who.map((w, i) => html`${i ? html`<br />` : null}${reason ? w : html`<a href=${`#/profiles/${encodeURIComponent(w)}`}>${w}</a>`}`)]].filter(Boolean)} />
      ${event?.messageId && (!reason || action === 'warn') ? html`<h2>What it changed</h2><${Changes} event=${event} report=${report} />` : null}</div></div>`;
}

export function Events({ report }) {
  const [filter, setFilter] = useState({ type: '', name: '', source: '', identifier: '', rejected: false });
  const [entries, setEntries] = useState(null);
  const [figures, setFigures] = useState({ came: 0, skipped: 0, rejected: 0 });
  const [paused, setPaused] = useState(false);
  const [open, setOpen] = useState(null);
  const held = useRef(false);
  held.current = paused || open !== null;

  useEffect(() => {
    const abort = new AbortController();
    const asked = new URLSearchParams(Object.entries(filter).filter(([, v]) => v).map(([k, v]) => [k, String(v)]));
    let list = [];
    let window = [];
    let isFirst = true;
    const show = line => {
      // A line of the filter before may still be on its way.
      if (abort.signal.aborted) return;
      const fresh = [...line.events, ...line.rejections].map(e => ({ ...e, key: e.sequence !== undefined ? `e${e.sequence}` : `r${e.number}` })).sort((a, b) => a.at < b.at ? 1 : -1);
      list = [...fresh, ...list].slice(0, kept);
      const now = performance.now();
      // What was there before the page came is no rate.
      if (!isFirst) window = [...window.filter(w => now - w.at < 5000), { at: now, came: line.came, rejected: line.rejected, hidden: filter.rejected ? line.rejected - line.rejections.length : Math.max(0, line.fitted + (line.came - line.looked) - line.events.length) }];
      isFirst = false;
      const seconds = window.length > 1 ? Math.max(.25, (window.at(-1).at - window[0].at) / 1000) : 1;
      const sum = name => window.slice(1).reduce((s, w) => s + w[name], 0);
      setFigures({ came: sum('came') / seconds, rejected: sum('rejected') / seconds, hidden: sum('hidden') });
      if (!held.current) setEntries(list);
    };
    setEntries(null);
    (async () => {
      while (!abort.signal.aborted) {
        isFirst = true;
        await report(() => follow(`/api/events?${asked}`, abort.signal, show));
        await new Promise(done => setTimeout(done, 1000));
      }
    })();
    return () => abort.abort();
  }, [filter]);

  const timer = useRef(0);
  const set = (name, value, wait = 0) => { clearTimeout(timer.current); timer.current = setTimeout(() => { setOpen(null); setEntries(null); setFilter(f => ({ ...f, [name]: value })); }, wait); };
  const hasFilter = filter.type || filter.name || filter.source || filter.identifier || filter.rejected;
  return html`<${Head} title="Live events" note=${html`<span data-rate>${rate(figures.came)}</span> come in, ${rate(figures.rejected)} are rejected. ${figures.hidden > 0 ? 'The server shows a sample: at most 40 a second, of those that came last.' : 'All of them are shown.'}`}>
      <button aria-pressed=${paused ? 'true' : 'false'} onClick=${() => setPaused(!paused)}>${paused ? 'Go on' : 'Pause'}</button><//>
    <div class="panel"><header class="filters"><input class="grow" type="search" aria-label="Name" placeholder="Name, e.g. Order Completed" onInput=${e => set('name', e.target.value.trim(), 300)} />
        <input class="grow" type="search" aria-label="Identifier" placeholder="Identifier, e.g. user_id:u-0001" onInput=${e => set('identifier', e.target.value.trim(), 300)} />
        <input class="source" type="search" aria-label="Source" placeholder="Source" onInput=${e => set('source', e.target.value.trim(), 300)} />
        <select aria-label="Type" value=${filter.type} onChange=${e => set('type', e.target.value)}><option value="">All types</option>${types.map(t => html`<option value=${t}>${t}</option>`)}</select>
        <label class="field"><input type="checkbox" checked=${filter.rejected} onChange=${e => set('rejected', e.target.checked)} />Rejected only</label></header>
      ${!entries ? html`<${Loading} />` : entries.length === 0 ? html`<${Empty} title=${hasFilter ? 'Nothing fits' : 'No events yet'}>${hasFilter ? 'Whatever fits the filter appears here as it comes in.' : 'Send one to POST /v1/track with a write key of freshet.json: it appears here at once.'}<//>`
        : html`<ul class="stream" aria-label="Events">${entries.map(entry => html`<li key=${entry.key}><button class="line" aria-expanded=${open === entry.key ? 'true' : 'false'} onClick=${() => setOpen(open === entry.key ? null : entry.key)}>
          <span class="dim nowrap mono">${timeText(entry.at)}</span><span class="kind"><span class=${`badge${entry.reason ? entry.action === 'warn' ? ' warn' : ' bad' : ''}`}>${entry.reason ? entry.action === 'warn' ? 'warning' : 'rejected' : entry.event.type}</span></span>
          <b>${entry.event ? nameOf(entry.event) : 'event'}</b><span class="dim who">${entry.reason ?? (identifiersOf(entry.event)[0] ?? 'nobody')}</span><span class="dim">${entry.event?.source ?? ''}</span></button>
          ${open === entry.key ? html`<${Opened} entry=${entry} report=${report} />` : null}</li>`)}</ul>`}</div>`;
}
