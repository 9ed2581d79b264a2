import { html, useEffect, useRef, useState } from './vendor/htm-preact.js';
import { call, query } from './api.js';
import { ago, count, dayText, quoted, short } from './format.js';
import { Code, Confirm, Empty, Head, Json, Loading, Panel, Spark } from './parts.js';
import { every, usePolled } from './poll.js';

const ask = async (sql, signal) => (await (await query(sql, signal)).json()).rows;

// An event that comes less or more than it does in eight of ten minutes, or has not come for as long as it never was away.
function stateOf(e) {
  if (e.usualLow === undefined) return ['', 'learning'];
  if (e.lastMinute === 0 && e.usualLow > 0) return ['bad', 'silent'];
  if (e.lastMinute < e.usualLow * .8) return ['warn', 'less than usual'];
  if (e.lastMinute > Math.max(e.usualHigh * 1.25, e.usualHigh + 5)) return ['warn', 'more than usual'];
  return ['good', 'as usual'];
}

function Volumes({ report, planned }) {
  const answer = usePolled('/api/events/volumes', report, every(5000));
  if (!answer) return html`<${Loading} />`;
  if (answer.events.length === 0) return html`<${Empty} title="No events since the start">Each type and name that comes in gets a line here.<//>`;
  const events = answer.events.toSorted((a, b) => b.total - a.total);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Volumes"><table><thead><tr><th>Event</th><th>Type</th><th>Plan</th><th class="number">Last minute</th><th class="number">Usual a minute</th><th>The last hour</th><th class="number">Since the start</th><th>Last</th><th>State</th></tr></thead>
    <tbody>${events.map(e => { const [kind, text] = stateOf(e); return html`<tr key=${e.type + e.name}><td><b>${e.name || '(no name)'}</b></td><td class="dim">${e.type}</td><td>${e.type === 'track' ? planned.includes(e.name) ? html`<span class="badge accent">planned</span>` : html`<span class="badge">unplanned</span>` : ''}</td><td class="number" data-volume>${count(e.lastMinute)}</td>
      <td class="number dim">${e.usualLow === undefined ? 'after 6 minutes' : `${short(e.usualLow)} to ${short(e.usualHigh)}`}</td><td class="sparkcell"><${Spark} low values=${e.perMinute} label=${`${e.name || e.type}: ${e.perMinute.length} minutes`} /></td>
      <td class="number">${count(e.total)}</td><td class="dim">${ago(e.last)}</td><td><span class=${`badge ${kind}`}>${text}</span></td></tr>`; })}</tbody></table></div>`;
}

// The latest events that broke a rule.
function Samples({ event, reason, report }) {
  const [rows, setRows] = useState(null);
  useEffect(() => {
    const abort = new AbortController();
    report(async () => setRows(await ask(`SELECT rejected_at, payload FROM \`events$rejected\` WHERE event = ${quoted(event)} AND reason = ${quoted(reason)} AND payload IS NOT NULL ORDER BY rejected_at DESC LIMIT 3`, abort.signal)));
    return () => abort.abort();
  }, [event, reason]);
  if (!rows) return html`<p class="dim">Loading.</p>`;
  return html`<div class="stack">${rows.map(([at, payload], i) => html`<div key=${i}><p class="dim small">${dayText(at)}</p><${Json} label=${`Sample ${i + 1}`} value=${typeof payload === 'string' ? JSON.parse(payload) : payload} /></div>`)}</div>`;
}

function Replay({ event, close, report }) {
  const [answer, setAnswer] = useState(null);
  const [done, setDone] = useState(null);
  const acts = useRef(false);
  const path = dry => `/api/replay-rejected?${new URLSearchParams({ ...(event ? { event } : {}), ...(dry ? { dryRun: 'true' } : {}) })}`;
  useEffect(() => { report(async () => setAnswer(await (await call(path(true), { method: 'POST' })).json())); }, []);
  if (done) return html`<p class="notice" role="status">${count(done.replayed)} taken, ${count(done.stillRejected)} still break the plan. <button class="plain" onClick=${close}>Close</button></p>`;
  return html`<${Confirm} title=${event ? `Replay ${event}` : 'Replay what was rejected'} action=${answer ? `Take ${count(answer.replayed)}` : 'Take'} disabled=${!answer?.replayed} close=${() => { if (!acts.current) close(); }}
    act=${() => { acts.current = true; report(async () => setDone(await (await call(path(false), { method: 'POST' })).json())); }}>
    <p>${!answer ? 'Judging the blocked events by the plan as it is now.' : `${count(answer.replayed)} of the blocked events keep the plan as it is now and would be taken, each once, with their first times. ${count(answer.stillRejected)} still break it.`}</p><//>`;
}

export function Quality({ report }) {
  const [plan, setPlan] = useState(null);
  const [violations, setViolations] = useState(null);
  const [open, setOpen] = useState(null);
  const [shown, setShown] = useState(null);
  const [replay, setReplay] = useState(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    let timer;
    const load = async () => {
      const started = performance.now();
      await report(async () => {
        const names = (await ask('SHOW EVENTS', abort.signal)).map(r => r[0]);
        const statements = await Promise.all(names.map(async n => (await ask(`SHOW CREATE EVENT ${quoted(n)}`, abort.signal))[0][0]));
        const rows = names.length === 0 ? [] : await ask('SELECT event, reason, `action`, COUNT(*) AS n, MAX(rejected_at) AS last_at FROM `events$rejected` WHERE `action` <> \'replayed\' GROUP BY event, reason, `action` ORDER BY n DESC LIMIT 100', abort.signal);
        setPlan(names.map((name, i) => ({ name, sql: statements[i] })));
        setViolations(rows);
      });
      if (!abort.signal.aborted) timer = setTimeout(load, Math.max(every(10000)(), (performance.now() - started) * 20));
    };
    load();
    return () => { abort.abort(); clearTimeout(timer); };
  }, [turn]);
  const broken = name => (violations ?? []).filter(v => v[0] === name).reduce((s, v) => s + v[3], 0);
  return html`<${Head} title="Data quality" note="What comes in, held against the tracking plan and against what is usual.">
      ${violations?.some(v => v[2] === 'block') ? html`<button onClick=${() => setReplay({})}>Replay rejected</button>` : null}<//>
    <div class="stack">${replay ? html`<${Replay} ...${replay} report=${report} close=${() => { setReplay(null); setTurn(turn + 1); }} />` : null}
      <${Panel} title="Freshness and volume" pad=${false} aside=${html`<span class="dim small">Counted since the start; usual is eight minutes of ten in the last hour</span>`}><${Volumes} report=${report} planned=${(plan ?? []).map(p => p.name)} /><//>
      <${Panel} title="Violations" pad=${false}>${!violations ? html`<${Loading} />` : violations.length === 0 ? html`<${Empty} title="No violations">${plan.length === 0 ? 'There is no plan to break: CREATE EVENT says what an event must carry.' : 'Every event of the plan keeps its rules.'}<//>`
        : html`<table><thead><tr><th>Event</th><th>Reason</th><th>What became of it</th><th class="number">Events</th><th>Last</th><th><span class="hidden">Actions</span></th></tr></thead><tbody>${violations.flatMap(([event, reason, action, n, last], i) => [html`<tr key=${i}><td><b>${event}</b></td><td class="wrap">${reason}</td><td><span class=${`badge ${action === 'block' ? 'bad' : 'warn'}`}>${action === 'block' ? 'rejected' : 'taken, with a warning'}</span></td><td class="number">${count(n)}</td><td class="dim">${ago(last)}</td>
            <td><button class="quiet" aria-expanded=${open === i ? 'true' : 'false'} onClick=${() => setOpen(open === i ? null : i)}>Samples</button>${action === 'block' ? html`<button class="quiet" onClick=${() => setReplay({ event })}>Replay</button>` : null}</td></tr>`,
            open === i ? html`<tr key=${`${i}s`}><td colspan="6" class="wrap"><${Samples} event=${event} reason=${reason} report=${report} /></td></tr>` : null])}</tbody></table>`}<//>
      <${Panel} title="Tracking plan" pad=${false}>${!plan ? html`<${Loading} />` : plan.length === 0 ? html`<${Empty} title="Nothing is planned">Write <code>CREATE EVENT 'Order Completed' (revenue DECIMAL(12, 2) NOT NULL)</code> into the project's sql folder: events that break it are kept apart, and explained here.<//>`
        : html`<table><thead><tr><th>Event</th><th class="number">Violations</th><th><span class="hidden">Actions</span></th></tr></thead><tbody>${plan.flatMap(p => [html`<tr key=${p.name}><td><b>${p.name}</b></td><td class="number">${count(broken(p.name))}</td><td><button class="quiet" aria-expanded=${shown === p.name ? 'true' : 'false'} onClick=${() => setShown(shown === p.name ? null : p.name)}>Statement</button></td></tr>`,
            shown === p.name ? html`<tr key=${`${p.name} sql`}><td colspan="3" class="wrap"><${Code} label=${p.name} text=${p.sql} /></td></tr>` : null])}</tbody></table>`}<//></div>`;
}
