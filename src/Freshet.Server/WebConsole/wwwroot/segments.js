import { html, useEffect, useMemo, useState } from './vendor/htm-preact.js';
import { call, get, query } from './api.js';
import { ago, cell, count, dayText, isNumber, percent, quoted, short, timeOf, timeText } from './format.js';
import { Code, Empty, Facts, Head, Loading, Panel, chartWidth } from './parts.js';
import { every, usePolled } from './poll.js';

const minutesShown = 60;

const ask = async (sql, signal) => (await query(sql, signal)).json();

// The answer to SQL, asked again after a while, and after longer where it is slow.
function useAnswer(sql, report, seconds) {
  const [answer, setAnswer] = useState(null);
  useEffect(() => {
    const abort = new AbortController();
    let timer;
    const load = async () => {
      const started = performance.now();
      await report(async () => setAnswer(await ask(sql, abort.signal)));
      if (!abort.signal.aborted) timer = setTimeout(load, Math.max(every(seconds * 1000)(), (performance.now() - started) * 20));
    };
    setAnswer(null);
    load();
    return () => { abort.abort(); clearTimeout(timer); };
  }, [sql]);
  return answer;
}

// The size of each of the last minutes, from today's size and the entries and exits since: they are rows of a topic, so that it outlives a start.
function historyOf(size, rows) {
  const now = Math.floor(Date.now() / 60000);
  const entered = Array(minutesShown).fill(0);
  const exited = Array(minutesShown).fill(0);
  for (const [minute, change, n] of rows) {
    const at = minutesShown - 1 - (now - Math.floor(timeOf(minute) / 60000));
    if (at >= 0 && at < minutesShown) (change === 'entered' ? entered : exited)[at] += n;
  }
  const sizes = Array(minutesShown).fill(0);
  for (let i = minutesShown - 1, left = size; i >= 0; i--) { sizes[i] = left; left -= entered[i] - exited[i]; }
  return { sizes, entered, exited, start: (now - minutesShown + 1) * 60000 };
}

function History({ size, rows }) {
  const { sizes, entered, exited, start } = historyOf(size, rows);
  const width = chartWidth(700);
  const left = 46;
  const most = Math.max(...sizes, 1);
  const flow = Math.max(...entered, ...exited, 1);
  const x = i => left + i * (width - left) / minutesShown;
  const y = v => 130 - v / most * 112;
  const step = (width - left) / minutesShown;
  const line = sizes.map((v, i) => `${x(i)},${y(v)} ${x(i + 1)},${y(v)}`).join(' ');
  return html`<svg class="chart" viewBox=${`0 0 ${width} 236`} role="img" aria-label=${`Size in the last hour: now ${size}, at most ${most}`}>
    ${[0, most / 2, most].map(v => html`<line class="grid" x1=${left} x2=${width} y1=${y(v)} y2=${y(v)} /><text x=${left - 8} y=${y(v) + 4} text-anchor="end">${short(v)}</text>`)}
    <polygon class="fill" points=${`${left},130 ${line} ${width},130`} /><polyline class="stroke" points=${line} />
    ${entered.map((v, i) => v ? html`<rect class="bar in" x=${x(i) + 1} width=${step - 2} y=${180 - v / flow * 34} height=${v / flow * 34} rx="1"><title>${timeText(new Date(start + i * 60000).toISOString())}: ${v} entered</title></rect>` : null)}
    ${exited.map((v, i) => v ? html`<rect class="bar out" x=${x(i) + 1} width=${step - 2} y="182" height=${v / flow * 34} rx="1"><title>${timeText(new Date(start + i * 60000).toISOString())}: ${v} left</title></rect>` : null)}
    <line class="grid" x1=${left} x2=${width} y1="181" y2="181" /><text x=${left - 8} y="170" text-anchor="end">in</text><text x=${left - 8} y="202" text-anchor="end">out</text>
    ${[0, 15, 30, 45].map(i => html`<text x=${x(i)} y="232">${timeText(new Date(start + i * 60000).toISOString()).slice(0, 5)}</text>`)}</svg>`;
}

// Counts before anything is published: what the statement would give over the whole history.
function WhatIf({ node, names, report }) {
  const [text, setText] = useState(node.sql);
  const [answer, setAnswer] = useState(null);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    setError(null);
    try {
      setAnswer(await (await query(text, undefined, 'application/json', '/api/segments/preview?sample=8')).json());
    } catch (failure) {
      setAnswer(null);
      setError(failure);
    }
    setBusy(false);
  };
  const found = answer?.segments[0] ?? answer?.traits[0];
  const size = found && (found.size ?? found.profiles);
  return html`<${Panel} title="What if" aside=${html`<span class="dim small">Counted over the whole history. Nothing of it stays.</span>`}><div class="stack">
    <textarea class="plain-editor mono" aria-label="What if" spellcheck=${false} value=${text} onInput=${e => setText(e.target.value)}></textarea>
    <div class="row"><button class="primary" onClick=${run} disabled=${busy}>${busy ? 'Counting' : 'Count'}</button><button onClick=${() => { setText(node.sql); setAnswer(null); setError(null); }}>Reset</button></div>
    ${error ? html`<div class="error" role="alert">${error.line > 0 ? `Line ${error.line}, column ${error.column}: ` : ''}${error.message}</div>` : null}
    ${answer && found ? html`<div class="stack" data-preview><${Facts} of=${[['Would hold', count(size)], ['Holds now', count(node.stateRows)], ['Change', `${size >= node.stateRows ? '+' : '−'}${count(Math.abs(size - node.stateRows))}`], ['Of all profiles', percent(answer.profiles ? size / answer.profiles : 0)], ['Events read', count(answer.events)], ['Took', `${answer.seconds} s`]]} />
      ${found.overlap?.length > 0 ? html`<table><thead><tr><th>Segment</th><th class="number">In both</th><th class="number">Of its</th></tr></thead><tbody>${found.overlap.filter(o => o.both > 0).sort((a, b) => b.both - a.both).map(o => html`<tr><td>${o.segment}</td><td class="number">${count(o.both)}</td><td class="number">${count(o.size)}</td></tr>`)}</tbody></table>` : null}
      ${found.sample.length > 0 ? html`<p class="dim">Among them ${found.sample.map((s, i) => html`${i ? ', ' : ''}<a href=${`#/profiles/profile_id:${s.profile_id}`}>${s.traits?.email ?? s.profile_id}</a>`)}.</p>` : null}</div>` : null}</div><//>`;
}

function Members({ node, report }) {
  const sql = node.kind === 'segment'
    ? `SELECT s.profile_id, p.identifiers, p.last_seen FROM \`${node.name}\` AS s JOIN profiles AS p ON s.profile_id = p.profile_id ORDER BY last_seen DESC LIMIT 10`
    : `SELECT s.profile_id, s.\`value\`, p.last_seen FROM \`${node.name}\` AS s JOIN profiles AS p ON s.profile_id = p.profile_id ORDER BY last_seen DESC LIMIT 10`;
  const answer = useAnswer(sql, report, 15);
  return html`<${Panel} title=${node.kind === 'segment' ? 'Some members' : 'Some profiles'} pad=${false}>${!answer ? html`<${Loading} />` : answer.rows.length === 0 ? html`<${Empty} title="Nobody">No profile ${node.kind === 'segment' ? 'is in it' : 'has a value'} now.<//>`
    : html`<table><thead><tr><th>Profile</th><th class=${node.kind === 'segment' ? 'number' : ''}>${node.kind === 'segment' ? 'Identifiers' : 'Value'}</th><th>Last seen</th></tr></thead><tbody>${answer.rows.map(([id, value, seen]) => html`<tr key=${id}><td><a href=${`#/profiles/profile_id:${id}`}>${id}</a></td><td class=${node.kind === 'segment' ? 'number' : 'wrap'}>${cell(value)}</td><td>${ago(seen)}</td></tr>`)}</tbody></table>`}<//>`;
}

function Segment({ node, profiles, report }) {
  const answer = useAnswer(`SELECT FLOOR(step_time TO MINUTE) AS m, \`change\`, COUNT(*) AS n FROM segment_changes WHERE segment = ${quoted(node.name)} GROUP BY FLOOR(step_time TO MINUTE), \`change\``, report, 10);
  const recent = (answer?.rows ?? []).filter(r => Date.now() - timeOf(r[0]) < 3600000);
  const sum = change => recent.filter(r => r[1] === change).reduce((s, r) => s + r[2], 0);
  return html`<div class="panel pad"><${Facts} of=${[['Members', html`<span data-size>${count(node.stateRows)}</span>`], ['Of all profiles', percent(profiles ? node.stateRows / profiles : 0)], ['Entered in the last hour', answer ? count(sum('entered')) : '…'], ['Left in the last hour', answer ? count(sum('exited')) : '…']]} /></div>
    ${node.why ? html`<p class="notice warn">${node.why}</p>` : null}
    <${Panel} title="The last hour" aside=${html`<span class="dim small">Size, and entries and exits of each minute</span>`}>${answer ? html`<${History} size=${node.stateRows} rows=${answer.rows} />` : html`<${Loading} />`}<//>`;
}

// How a trait's values lie.
function Trait({ node, profiles, report }) {
  const answer = useAnswer(`SELECT \`value\`, COUNT(*) AS n FROM \`${node.name}\` GROUP BY \`value\` ORDER BY n DESC LIMIT 12`, report, 15);
  const most = answer?.rows[0]?.[1] ?? 1;
  const isTime = answer && /^TIMESTAMP/.test(answer.columns[0].type);
  return html`<div class="panel pad"><${Facts} of=${[['Profiles with a value', html`<span data-size>${count(node.stateRows)}</span>`], ['Of all profiles', percent(profiles ? node.stateRows / profiles : 0)], ['Type', answer ? answer.columns[0].type.replace(' NOT NULL', '') : '…']]} /></div>
    ${node.why ? html`<p class="notice warn">${node.why}</p>` : null}
    <${Panel} title="Most frequent values" pad=${false}>${!answer ? html`<${Loading} />` : html`<table><thead><tr><th>Value</th><th class="number">Profiles</th><th><span class="hidden">Share</span></th></tr></thead><tbody>${answer.rows.map(([value, n]) => html`<tr><td class=${`wrap${isNumber(answer.columns[0].type) ? ' mono' : ''}`}>${isTime && value ? dayText(value) : cell(value)}</td><td class="number">${count(n)}</td><td><svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="bar" width=${n / most * 100} height="8" rx="2" /></svg></td></tr>`)}</tbody></table>`}<//>`;
}

// What the project's own tests say of the SQL that its folder holds now.
function Tests({ report }) {
  const [state, setState] = useState(null);
  const [turn, setTurn] = useState(0);
  const running = state?.running;
  useEffect(() => {
    let left = false;
    let timer;
    const load = async () => {
      await report(async () => {
        try {
          const now = await get('/api/tests');
          if (!left) setState(now);
        } catch (failure) {
          if (failure.status !== 404) throw failure;
          if (!left) setState({ files: [], scripts: [], none: true });
        }
      });
      if (!left) timer = setTimeout(load, running ? 400 : every(10000)());
    };
    load();
    return () => { left = true; clearTimeout(timer); };
  }, [turn, running]);
  const act = method => report(async () => { setState(await (await call('/api/tests', { method })).json()); setTurn(turn + 1); });
  if (!state || state.none) return null;
  const failed = state.scripts.filter(s => !s.passed).length;
  const rest = running ? state.files.slice(state.scripts.length) : state.scripts.length === 0 ? state.files : [];
  const note = running ? `Running, ${state.scripts.length} of ${state.files.length}` : state.endedAt ? `${state.scripts.length - failed} of ${state.scripts.length} passed ${ago(state.endedAt)}` : 'Not run since the start';
  return html`<${Panel} title="Tests" pad=${false} aside=${html`<span class="row"><span class="dim small" role="status">${note}</span>${state.files.length === 0 ? null : running ? html`<button onClick=${() => act('DELETE')}>Cancel</button>` : html`<button onClick=${() => act('POST')}>Run tests</button>`}</span>`}>
    ${state.problem ? html`<p class="error inset" role="alert">${state.problem}</p>` : null}
    ${state.files.length === 0 ? html`<${Empty} title="No tests">Given these events, expect these segments: write <code>tests/*.test</code> in the project's folder.<//>`
      : html`<table><thead><tr><th>Script</th><th>Result</th><th class="number">Took</th></tr></thead><tbody>
        ${state.scripts.map(s => html`<tr key=${s.file}><td class="wrap"><span class="mono">${s.file}</span>${s.messages.length > 0 ? html`<${Code} label=${`What failed in ${s.file}`} text=${s.messages.join('\n')} isPlain />` : null}</td><td><span class=${`badge ${s.passed ? 'good' : 'bad'}`}>${s.passed ? 'passed' : 'failed'}</span></td><td class="number">${count(s.ms)} ms</td></tr>`)}
        ${rest.map(f => html`<tr key=${f}><td class="wrap"><span class="mono">${f}</span></td><td><span class="dim">${running ? 'waiting' : 'not run'}</span></td><td></td></tr>`)}</tbody></table>`}<//>`;
}

export function Segments({ report, argument }) {
  const graph = usePolled('/api/pipelines', report, every(2000));
  const ends = useMemo(() => (graph?.nodes ?? []).filter(n => n.kind === 'segment' || n.kind === 'trait'), [graph]);
  if (!graph) return html`<${Head} title="Segments and traits" /><${Loading} />`;
  if (ends.length === 0) return html`<${Head} title="Segments and traits" /><div class="panel"><${Empty} title="None yet">A segment is a set of profiles given by a condition: <code>CREATE SEGMENT regulars AS SELECT profile_id FROM purchases WHERE \`value\` >= 5</code> in the project's sql folder.<//></div>`;
  const node = ends.find(n => n.name === argument) ?? ends.find(n => n.kind === 'segment') ?? ends[0];
  const profiles = graph.nodes.find(n => n.name === 'profiles')?.stateRows ?? 0;
  const list = kind => ends.filter(n => n.kind === kind).map(n => html`<a key=${n.id} href=${`#/segments/${encodeURIComponent(n.name)}`} aria-current=${n.id === node.id ? 'true' : undefined}><span>${n.name}</span><span class="figure">${short(n.stateRows)}</span></a>`);
  return html`<${Head} title="Segments and traits" note=${`${count(profiles)} profiles as of step ${count(graph.step)}.`} />
    <div class="master"><div class="panel"><div class="list" role="region" tabindex="0" aria-label="Segments and traits"><div class="group">Segments</div>${list('segment')}<div class="group">Traits</div>${list('trait')}</div></div>
      <div class="stack" key=${node.name}><div class="row"><h2 class="big break">${node.name}</h2><span class="badge">${node.kind}</span><span class="grow"></span><a href=${`#/pipelines/${encodeURIComponent(node.name)}`}>Its pipeline</a></div>
        ${node.kind === 'segment' ? html`<${Segment} node=${node} profiles=${profiles} report=${report} />` : html`<${Trait} node=${node} profiles=${profiles} report=${report} />`}
        <div class="two"><${Panel} title="Statement" pad=${false}><${Code} label="SQL" text=${node.sql} /><//><${Members} node=${node} report=${report} /></div>
        <${WhatIf} node=${node} report=${report} />
        <${Tests} report=${report} /></div></div>`;
}
