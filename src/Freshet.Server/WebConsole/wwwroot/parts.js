// What pages are made of.
import { html, useEffect, useRef } from './vendor/htm-preact.js';

export const Head = ({ title, note, children }) => html`<div class="head"><div><h1>${title}</h1>${note ? html`<p>${note}</p>` : null}</div>${children ? html`<div class="actions">${children}</div>` : null}</div>`;

export const Panel = ({ title, aside, pad = true, children, ...rest }) => html`<section class="panel" aria-label=${title} ...${rest}><header><h2>${title}</h2>${aside ?? null}</header>${pad ? html`<div class="body">${children}</div>` : children}</section>`;

export const Empty = ({ title, children }) => html`<div class="empty"><h2>${title}</h2><p>${children}</p></div>`;

export const Loading = () => html`<div class="empty" role="status">Loading.</div>`;

export const Facts = ({ of }) => html`<dl class="facts">${of.filter(Boolean).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

export const Pairs = ({ of }) => html`<dl class="pairs">${of.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

// One of a few.
export const Switch = ({ label, value, options, change }) => html`<div class="switch" role="group" aria-label=${label}>${options.map(([key, text]) => html`<button key=${key} type="button" aria-pressed=${key === value ? 'true' : 'false'} onClick=${() => change(key)}>${text}</button>`)}</div>`;

// Columns are [title, is number]; cells are texts or nodes.
export const Table = ({ label, columns, rows, tall }) => html`<div class=${tall ? '' : 'scroll'} tabindex="0" role="region" aria-label=${`Rows of ${label}`}><table>
  <thead><tr>${columns.map(([title, isNumber]) => html`<th class=${isNumber ? 'number' : ''}>${title}</th>`)}</tr></thead>
  <tbody>${rows.map(r => html`<tr>${r.map((v, i) => html`<td class=${columns[i][1] ? 'number' : columns[i][2] ? 'wrap' : ''}>${v}</td>`)}</tr>`)}</tbody></table></div>`;

// Units across a chart: on a phone fewer, so that its letters stay as large as others.
export const chartWidth = wide => innerWidth <= 760 ? 350 : wide;

export function Spark({ values, label, low }) {
  const name = `spark${low ? ' low' : ''}`;
  if (values.length < 2) return html`<svg class=${name} role="img" aria-label=${label}></svg>`;
  const most = Math.max(...values, 1e-9);
  const points = values.map((v, i) => `${(i / (values.length - 1) * 300).toFixed(1)},${(46 - v / most * 42).toFixed(1)}`).join(' ');
  return html`<svg class=${name} viewBox="0 0 300 48" preserveAspectRatio="none" role="img" aria-label=${label}>
    <polygon class="fill" points=${`0,48 ${points} 300,48`} /><polyline class="stroke" points=${points} /></svg>`;
}

// Asks before something that cannot be taken back. Escape and Cancel leave everything as it is.
export function Confirm({ title, action, danger, disabled, close, act, children }) {
  const box = useRef(null);
  useEffect(() => { box.current.showModal(); }, []);
  return html`<dialog ref=${box} aria-label=${title} onClose=${close}><h2>${title}</h2>${children}
    <div class="row"><button type="button" onClick=${() => box.current.close()}>Cancel</button><button type="button" class=${danger ? 'danger' : 'primary'} disabled=${disabled} onClick=${() => { act(); box.current.close(); }}>${action}</button></div></dialog>`;
}

const words = 'SELECT|FROM|WHERE|GROUP|BY|ORDER|LIMIT|JOIN|LEFT|RIGHT|INNER|OUTER|FULL|CROSS|ON|AS|AND|OR|NOT|NULL|IS|IN|EXISTS|CASE|WHEN|THEN|ELSE|END|HAVING|UNION|ALL|DISTINCT|WITH|OVER|PARTITION|CREATE|MATERIALIZED|VIEW|TABLE|TRAIT|SEGMENT|(?<=CREATE\\s+)EVENT|IDENTIFIER|INSERT|INTO|VALUES|INTERVAL|BETWEEN|LIKE|EXPLAIN|SHOW|DESCRIBE|SUBSCRIBE|DESC|ASC|CHECK|UNNEST|LATERAL|WATERMARK|FOR|TRUE|FALSE|CAST|DAY|HOUR|MINUTE|SECOND|FLOOR|TO|MEMBERSHIP|OF';
const token = new RegExp(`(--[^\\n]*|/\\*[\\s\\S]*?\\*/)|('(?:[^']|'')*'?)|\\b(\\d+(?:\\.\\d+)?)\\b|\\b(${words})\\b`, 'gi');

// A statement's text in colours, as nodes: its characters stay as they are.
export function coloured(text) {
  const parts = [];
  let at = 0;
  for (const m of text.matchAll(token)) {
    if (m.index > at) parts.push(text.slice(at, m.index));
    parts.push(html`<span class=${m[1] ? 'com' : m[2] ? 'str' : m[3] ? 'num' : 'kw'}>${m[0]}</span>`);
    at = m.index + m[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}

export const Code = ({ label, text, isPlain }) => html`<pre class="code" tabindex="0" role="region" aria-label=${label}>${isPlain ? text : coloured(text)}</pre>`;

const member = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

// A value as indented JSON in colours.
export function Json({ label, value }) {
  const text = JSON.stringify(value, null, 2);
  const parts = [];
  let at = 0;
  for (const m of text.matchAll(member)) {
    parts.push(text.slice(at, m.index));
    parts.push(m[2] ? html`<span class="key">${m[1]}</span>${m[2]}` : html`<span class=${m[1] ? 'str' : m[3] ? 'kw' : 'num'}>${m[0]}</span>`);
    at = m.index + m[0].length;
  }
  parts.push(text.slice(at));
  return html`<pre class="code wrap" tabindex="0" role="region" aria-label=${label}>${parts}</pre>`;
}
