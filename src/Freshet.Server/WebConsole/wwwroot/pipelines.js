import { html, useEffect, useMemo, useRef, useState } from './vendor/htm-preact.js';
import { query } from './api.js';
import { bytes, count, measure, percent, rate, short, timeText } from './format.js';
import { layered } from './layout.js';
import { Code, Empty, Facts, Head, Loading, Panel, Switch } from './parts.js';
import { every, usePolled } from './poll.js';

const cardWidth = 208;
const cardHeight = 62;
const gapX = 20;
const gapY = 34;
const margin = 20;
const groups = [['view', 'Views'], ['trait', 'Traits'], ['segment', 'Segments'], ['sink', 'Sinks'], ['kept', 'Kept by the program']];
const endings = new Set(groups.map(g => g[0]));

// Counters of two answers as figures for each second between them.
function useRates(graph) {
  const before = useRef(null);
  const [rates, setRates] = useState(new Map());
  useEffect(() => {
    if (!graph) return;
    const last = before.current;
    before.current = graph;
    // A server that has started anew counts from 0.
    if (!last || graph.readAtMs <= last.readAtMs) return;
    const seconds = (graph.readAtMs - last.readAtMs) / 1000;
    const old = new Map(last.nodes.map(n => [n.id, n]));
    setRates(new Map(graph.nodes.filter(n => old.has(n.id)).map(n => {
      const o = old.get(n.id);
      return [n.id, { in: (n.rowsIn - o.rowsIn) / seconds, out: (n.rowsOut - o.rowsOut) / seconds, busy: (n.busyMs - o.busyMs) / seconds / 1000 }];
    })));
  }, [graph]);
  return rates;
}

// A node and all that it reads.
function above(nodes, ids) {
  const byId = new Map(nodes.map(n => [n.id, n]));
  const taken = new Set();
  const visit = id => { if (!taken.has(id) && byId.has(id)) { taken.add(id); byId.get(id).inputs.forEach(visit); } };
  ids.forEach(visit);
  return nodes.filter(n => taken.has(n.id));
}

const cut = (text, length) => text.length > length ? `${text.slice(0, length - 1)}…` : text;

const titleOf = node => node.kind === 'operator' ? node.name.charAt(0).toUpperCase() + node.name.slice(1) : node.name;

const detail = node => node.kind !== 'operator' ? (node.kind === 'kept' ? 'kept view' : node.kind) : node.title.replace(/^(\w+)\s*/, (all, word) => node.name.replaceAll(' ', '').toLowerCase() === word.toLowerCase() ? '' : all) || node.title;

function Circuit({ nodes, rates, chosen, choose, zoom }) {
  const box = useRef(null);
  const shape = nodes.map(n => `${n.id}:${n.inputs}`).join(' ');
  const places = useMemo(() => layered(nodes), [shape]);
  const x = id => margin + places.get(id).y * (cardWidth + gapX);
  const y = id => margin + places.get(id).column * (cardHeight + gapY);
  const width = Math.max(...nodes.map(n => x(n.id))) + cardWidth + margin;
  const height = Math.max(...nodes.map(n => y(n.id))) + cardHeight + margin;
  // A drawing wider than its box begins where its first source is.
  useEffect(() => { box.current.scrollLeft = (x(nodes[0].id) + cardWidth / 2) * zoom - box.current.clientWidth / 2; }, [shape, zoom]);
  const pick = (e, id) => { if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); choose(id); } };
  return html`<div class="circuit" ref=${box} tabindex="0" role="region" aria-label="Circuit"><svg width=${width * zoom} height=${height * zoom} viewBox=${`0 0 ${width} ${height}`} role="group" aria-label="Operators and the edges between them">
    ${nodes.flatMap(n => n.inputs.filter(i => places.has(i)).map(i => {
      const [x1, y1, x2, y2] = [x(i) + cardWidth / 2, y(i) + cardHeight, x(n.id) + cardWidth / 2, y(n.id)];
      const bend = Math.max(gapY / 2, (y2 - y1) / 2);
      const flows = (rates.get(i)?.out ?? 0) > 0;
      return html`<path key=${`${i}-${n.id}`} class=${`edge${flows ? ' flows' : ''}${chosen === n.id || chosen === i ? ' on' : ''}`} d=${`M${x1},${y1} C${x1},${y1 + bend} ${x2},${y2 - bend} ${x2},${y2}`} />`;
    }))}
    ${nodes.map(n => {
      const speed = rates.get(n.id);
      const load = Math.min(1, speed?.busy ?? 0);
      const isEnd = endings.has(n.kind);
      const flow = speed ? rate(isEnd ? speed.in : speed.out) : `${short(isEnd ? n.rowsIn : n.rowsOut)} rows`;
      return html`<g key=${n.id} class=${`node ${n.kind}${n.why ? ' dry' : ''}${chosen === n.id ? ' on' : ''}`} transform=${`translate(${x(n.id)} ${y(n.id)})`} tabindex="0" role="button" aria-pressed=${chosen === n.id ? 'true' : 'false'} onClick=${() => choose(n.id)} onKeyDown=${e => pick(e, n.id)}>
        <rect class="card" width=${cardWidth} height=${cardHeight} rx="8" /><rect class="tab" x="8" y="10" width="3" height="14" rx="1.5" />
        <text class="what" x="18" y="21">${cut(titleOf(n), 26)}</text><text class="detail" x="18" y="37">${cut(detail(n), 29)}</text>
        <text class="figure" x="18" y="53">${flow}</text><text class="detail" x=${cardWidth - 10} y="53" text-anchor="end">${n.stateRows > 0 ? bytes(n.stateBytes) : ''}</text>
        <rect class=${`load${load > .5 ? ' hot' : ''}`} x="0" y=${cardHeight - 2} width=${(cardWidth * load).toFixed(1)} height="2" /><title>${n.title}</title></g>`;
    })}</svg></div>`;
}

function Chosen({ node, speed }) {
  return html`<${Panel} title=${titleOf(node)} aside=${html`<span class="badge">${node.kind}</span>`}><div class="stack">
    <p class="mono break">${node.title}</p>
    ${node.why ? html`<p class="notice warn" data-why>${node.why}</p>` : null}
    <${Facts} of=${[
      ['Rows in', speed ? rate(speed.in) : '…'], ['Rows out', speed ? rate(speed.out) : '…'], ['Busy, of a core', speed ? percent(speed.busy) : '…'],
      ['Rows in, in all', count(node.rowsIn)], ['Rows out, in all', count(node.rowsOut)], ['Time, in all', measure(node.busyMs, 'ms').join(' ')],
      [endings.has(node.kind) ? 'Rows held' : 'State rows', count(node.stateRows)], ['State', bytes(node.stateBytes)], ['Watermark', node.watermark ? timeText(node.watermark) : 'none'],
      node.nextAt && ['Next rows at', timeText(node.nextAt)], node.lateRows && ['Late rows', count(node.lateRows)], node.errorRows && ['Row errors', count(node.errorRows)]]} />
    ${node.notes ? html`<ul class="small dim">${node.notes.map(n => html`<li>${n}</li>`)}</ul>` : null}</div><//>`;
}

// The plan of a view, from EXPLAIN.
function Plan({ name, report }) {
  const [lines, setLines] = useState(null);
  useEffect(() => {
    const abort = new AbortController();
    setLines(null);
    report(async () => setLines((await (await query(`EXPLAIN \`${name}\``, abort.signal)).json()).rows.map(r => r[0])));
    return () => abort.abort();
  }, [name]);
  return lines ? html`<${Code} label="Plan" text=${lines.join('\n')} isPlain />` : html`<${Loading} />`;
}

export function Pipelines({ report, argument }) {
  const graph = usePolled('/api/pipelines', report, every(2000));
  const rates = useRates(graph);
  const [chosen, setChosen] = useState(null);
  const [shown, setShown] = useState('sql');
  const [search, setSearch] = useState('');
  const [zoom, setZoom] = useState(.6);
  useEffect(() => setChosen(null), [argument]);
  if (!graph) return html`<${Head} title="Pipelines" /><${Loading} />`;
  const ends = graph.nodes.filter(n => endings.has(n.kind));
  if (ends.length === 0) return html`<${Head} title="Pipelines" /><div class="panel"><${Empty} title="Nothing runs yet">Write CREATE MATERIALIZED VIEW ... AS SELECT ... into the project's sql folder and start again: its circuit is drawn here.<//></div>`;
  const isAll = argument === '*';
  const end = isAll ? null : ends.find(n => n.name === argument) ?? ends.find(n => n.kind === 'view') ?? ends[0];
  const nodes = isAll ? above(graph.nodes, ends.filter(n => n.kind !== 'kept').map(n => n.id)) : above(graph.nodes, [end.id]);
  const node = nodes.find(n => n.id === chosen) ?? end ?? nodes[0];
  const busy = [...rates.values()].reduce((sum, r) => sum + r.busy, 0);
  return html`<${Head} title="Pipelines" note=${`${count(graph.nodes.filter(n => n.kind === 'operator').length)} operators keep ${count(ends.length)} results, as of step ${count(graph.step)}. They use ${percent(busy)} of a core and hold ${bytes(graph.nodes.reduce((sum, n) => sum + n.stateBytes, 0))}.`} />
    <div class="master"><div class="panel"><header><input class="grow" type="search" aria-label="Find a view" placeholder="Find a view" value=${search} onInput=${e => setSearch(e.target.value)} /></header>
      <div class="list" role="region" tabindex="0" aria-label="Results"><a href="#/pipelines/*" aria-current=${isAll ? 'true' : undefined}><span>The whole circuit</span><span class="figure">${count(graph.nodes.length)} nodes</span></a>
        ${groups.map(([kind, title]) => {
          const own = ends.filter(n => n.kind === kind && n.name.includes(search.toLowerCase()));
          return own.length === 0 ? null : html`<div class="group">${title}</div>${own.map(n => html`<a key=${n.id} href=${`#/pipelines/${encodeURIComponent(n.name)}`} aria-current=${end?.id === n.id ? 'true' : undefined}><span>${n.name}</span><span class="figure">${n.kind === 'sink' ? `${short(n.rowsIn)} written` : short(n.stateRows)}</span></a>`)}`;
        })}</div></div>
      <div class=${isAll ? 'stack' : 'beside'}><section class="panel" aria-label="Drawing"><header><h2>${isAll ? 'The whole circuit' : end.name}</h2><div class="row">${isAll ? html`<div class="legend"><span><i class="source"></i>source</span><span><i></i>operator</span><span><i class="view"></i>view</span><span><i class="trait"></i>trait</span><span><i class="segment"></i>segment</span><span><i class="sink"></i>sink</span></div>
          <${Switch} label="Zoom" value=${zoom} options=${[[.35, '35 %'], [.6, '60 %'], [1, '100 %']]} change=${setZoom} />` : null}</div></header>
        <${Circuit} nodes=${nodes} rates=${rates} chosen=${node.id} choose=${setChosen} zoom=${isAll ? zoom : 1} /></section>
        <div class=${isAll ? 'two' : 'stack'}><${Chosen} node=${node} speed=${rates.get(node.id)} />
          ${end && end.kind !== 'sink' ? html`<section class="panel" aria-label="Statement"><header><h2>Statement</h2><${Switch} label="Show" value=${shown} options=${[['sql', 'SQL'], ['plan', 'Plan']]} change=${setShown} /></header>
            ${shown === 'sql' ? html`<${Code} label="SQL" text=${end.sql ?? ''} />` : html`<${Plan} name=${end.name} report=${report} />`}</section>` : null}</div></div></div>`;
}
