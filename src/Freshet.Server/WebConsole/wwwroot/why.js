import { html, useEffect, useState } from './vendor/htm-preact.js';
import { get } from './api.js';
import { ago, cell, dayText } from './format.js';

const mark = holds => html`<span class=${`badge ${holds === null ? '' : holds ? 'good' : 'bad'}`}>${holds === null ? 'unknown' : holds ? 'holds' : 'fails'}</span>`;

// A condition with the values that it compares; its parts and the query within it are set in below.
const Condition = ({ of }) => html`<li><div class="row">${mark(of.holds)}<code class="break">${of.text}</code></div>
  ${of.values?.length > 0 ? html`<p class="dim small">${of.values.map((v, i) => html`${i ? ', ' : ''}<code>${v.of}</code> is <b class="mono">${cell(v.value)}</b>`)}</p>` : null}
  ${of.conditions?.length > 0 ? html`<ul class="set-in">${of.conditions.map(c => html`<${Condition} of=${c} />`)}</ul>` : null}
  ${of.query ? html`<ul class="set-in"><${Source} of=${of.query} /></ul>` : null}</li>`;

const Source = ({ of }) => of.conditions.length === 0 && of.sources.length === 0 ? null : html`<li><p class="dim">${of.kind} <b>${of.name}</b></p><ul class="set-in">${of.conditions.map(c => html`<${Condition} of=${c} />`)}${of.sources.map(s => html`<${Source} of=${s} />`)}</ul></li>`;

// Why a profile is in a segment; the statement alone where the server cannot say more.
export function Why({ who, segment, sql, report }) {
  const [why, setWhy] = useState(null);
  useEffect(() => {
    let left = false;
    report(async () => {
      try {
        const answer = await get(`/api/profiles/${encodeURIComponent(who)}/segments/${encodeURIComponent(segment)}/why`);
        if (!left) setWhy(answer);
      } catch (failure) {
        if (!failure.status || failure.status === 401) throw failure;
        if (!left) setWhy({ failed: failure.message });
      }
    });
    return () => { left = true; };
  }, [who, segment]);
  if (!why) return html`<p class="dim" role="status">Asking.</p>`;
  if (why.failed) return html`<div class="why"><p>${why.failed}</p><pre class="code">${sql}</pre></div>`;
  return html`<div class="why" data-why><ul class="conditions">${why.conditions.map(c => html`<${Condition} of=${c} />`)}${why.sources.map(s => html`<${Source} of=${s} />`)}</ul>
    ${why.changes ? html`<p>If nothing but time happens, it is ${why.changes.to} at ${dayText(why.changes.at)}.</p>` : null}
    ${why.events.length > 0 ? html`<p>By these events: ${why.events.map((e, i) => html`${i ? ', ' : ''}${e.event ?? 'event'} <span class="small">(${ago(e.event_time)})</span>`)}.</p>` : null}
    ${why.notes.map(n => html`<p>${n}</p>`)}</div>`;
}
