import { html, useEffect, useState } from './vendor/htm-preact.js';
import { call, get, query } from './api.js';
import { nameOf } from './events.js';
import { ago, cell, count, dayText, quoted, timeText } from './format.js';
import { Confirm, Empty, Head, Json, Loading, Pairs, Panel } from './parts.js';
import { every, usePolled } from './poll.js';
import { Why } from './why.js';

const ask = async (sql, signal) => (await (await query(sql, signal)).json()).rows;

const pathOf = name => `/api/profiles/${encodeURIComponent(name)}`;

const titleOf = profile => profile.traits.name ?? ([profile.traits.firstName, profile.traits.lastName].filter(Boolean).join(' ') || (profile.traits.email ?? profile.identifiers.find(i => i.type === 'user_id')?.value ?? profile.identifiers[0]?.value ?? `Profile ${profile.profile_id}`));

// The answer to SQL, asked again when a value changes; null before, and where there is nothing to ask.
function useRows(sql, report, again) {
  const [rows, setRows] = useState(null);
  useEffect(() => {
    setRows(null);
    if (!sql) return undefined;
    const abort = new AbortController();
    report(async () => setRows(await ask(sql, abort.signal)));
    return () => abort.abort();
  }, [sql, again]);
  return rows;
}

function Search({ report, value }) {
  const [found, setFound] = useState(null);
  const [busy, setBusy] = useState(false);
  const go = name => { location.hash = `#/profiles/${encodeURIComponent(name)}`; };
  const submit = e => {
    e.preventDefault();
    const text = e.target.elements.who.value.trim();
    if (!text) return;
    if (/^[\w.]+:./.test(text)) { setFound(null); go(text); return; }
    setBusy(true);
    report(async () => {
      const rows = await ask(`SELECT type, \`value\` FROM identifiers WHERE \`value\` = ${quoted(text)} OR LOWER(\`value\`) = ${quoted(text.toLowerCase())} LIMIT 10`);
      if (rows.length === 1) go(`${rows[0][0]}:${rows[0][1]}`);
      setFound(rows.length === 1 ? null : { text, rows });
    }).then(() => setBusy(false));
  };
  return html`<form class="row search" role="search" onSubmit=${submit}><input class="grow" name="who" type="search" aria-label="Identifier" placeholder="Any identifier: user_id:u-0001, an e-mail address, a device" value=${value ?? ''} key=${value} /><button class="primary" disabled=${busy}>Find</button></form>
    ${found ? html`<div class="notice" role="status">${found.rows.length === 0 ? `Nobody has the identifier ${found.text}.` : html`Several have it: ${found.rows.map(([type, v], i) => html`${i ? ', ' : ''}<a href=${`#/profiles/${encodeURIComponent(`${type}:${v}`)}`}>${type}:${v}</a>`)}`}</div>` : null}`;
}

function Recent({ report }) {
  const rows = useRows('SELECT p.profile_id, p.identifiers, p.first_seen, p.last_seen FROM profiles AS p ORDER BY last_seen DESC LIMIT 25', report);
  if (!rows) return html`<${Loading} />`;
  if (rows.length === 0) return html`<div class="panel"><${Empty} title="Nobody yet">The first event with a userId or an anonymousId makes a profile.<//></div>`;
  return html`<${Panel} title="Here last" pad=${false}><table><thead><tr><th>Profile</th><th class="number">Identifiers</th><th>First seen</th><th>Last seen</th></tr></thead>
    <tbody>${rows.map(([id, n, first, last]) => html`<tr key=${id} class="pick"><td><a href=${`#/profiles/profile_id:${id}`}>${id}</a></td><td class="number">${count(n)}</td><td>${dayText(first)}</td><td>${ago(last)}</td></tr>`)}</tbody></table><//>`;
}

// The profile, its identifiers, and the profiles that went into it, each with the message that brought it.
function Identity({ profile, merges }) {
  const rows = [...profile.identifiers.map(i => ({ kind: 'leaf', what: i.type, value: i.value, note: `since ${dayText(i.first_seen)}` })),
    ...(merges ?? []).map(([merged, message, time]) => ({ kind: 'merged', what: 'took in a profile', value: `profile ${merged}`, note: `${dayText(time)}, by ${message}` }))];
  const height = Math.max(80, rows.length * 46 + 10);
  const middle = height / 2;
  return html`<svg class="identity" viewBox=${`0 0 460 ${height}`} role="img" aria-label=${`${profile.identifiers.length} identifiers, ${merges?.length ?? 0} merges`}>
    ${rows.map((row, i) => { const y = 28 + i * 46; return html`<path class="wire" d=${`M62,${middle} C130,${middle} 110,${y} 168,${y}`} /><circle class=${row.kind} cx="175" cy=${y} r="7" />
      <text x="194" y=${y - 3}>${row.what}</text><text class="value" x="194" y=${y + 13}>${row.value.length > 32 ? `${row.value.slice(0, 31)}…` : row.value}<title>${row.value}, ${row.note}</title></text>`; })}
    <circle class="hub" cx="40" cy=${middle} r="26" /><text class="inside" x="40" y=${middle + 4} text-anchor="middle">${String(profile.identifiers.length)}</text></svg>
    ${merges?.length > 0 ? html`<ul class="timeline">${merges.map(([merged, message, time]) => html`<li class="link" key=${merged}>Profile ${merged} went into this one <span class="dim">${ago(time)}, by the message </span><span class="mono break">${message}</span></li>`)}</ul>` : null}`;
}

function TraitHistory({ id, report, close }) {
  const rows = useRows(`SELECT name, \`value\`, event_time, message_id FROM trait_history WHERE profile_id = ${id} ORDER BY event_time DESC LIMIT 200`, report);
  return html`<${Panel} title="History of told traits" pad=${false} aside=${html`<button class="quiet" onClick=${close}>Close</button>`}>${!rows ? html`<${Loading} />` : rows.length === 0 ? html`<${Empty} title="Nothing told">No identify call has told anything.<//>`
    : html`<div class="scroll" tabindex="0" role="region" aria-label="History of told traits"><table><thead><tr><th>Trait</th><th>Value</th><th>Told at</th><th>Message</th></tr></thead><tbody>${rows.map(([name, value, time, message]) => html`<tr><td>${name}</td><td class="wrap">${cell(value)}</td><td>${dayText(time)}</td><td class="mono">${message}</td></tr>`)}</tbody></table></div>`}<//>`;
}

// The segments that it is in, since when, and why.
function Segments({ profile, changes, sqlOf, report }) {
  const [open, setOpen] = useState(null);
  if (profile.segments.length === 0 && !changes?.length) return html`<p class="dim">In no segment.</p>`;
  const entry = name => changes?.find(c => c[0] === name && c[1] === 'entered');
  return html`<ul class="plainlist">${profile.segments.map(name => html`<li key=${name}><div class="row"><a href=${`#/segments/${encodeURIComponent(name)}`}><b>${name}</b></a><span class="dim small">${entry(name) ? `since ${dayText(entry(name)[2])}` : ''}</span><span class="grow"></span><button class="quiet" aria-expanded=${open === name ? 'true' : 'false'} onClick=${() => setOpen(open === name ? null : name)}>Why</button></div>
      ${open === name ? html`<${Why} who=${`profile_id:${profile.profile_id}`} segment=${name} sql=${sqlOf(name)} report=${report} />` : null}</li>`)}</ul>
    ${changes?.length > 0 ? html`<h3 class="gap">Entries and exits</h3><ul class="timeline">${changes.slice(0, 12).map(([segment, change, time, cause], i) => html`<li key=${i} class=${change === 'entered' ? '' : 'warn'}>${change === 'entered' ? 'Entered' : 'Left'} <b>${segment}</b> <span class="dim">${ago(time)}${cause === 'time' ? ', by time alone' : ''}</span></li>`)}</ul>` : null}`;
}

function Timeline({ id, report }) {
  const answer = usePolled(`/v1/spaces/default/collections/users/profiles/profile_id:${id}/events?limit=100`, report, every(5000));
  const [open, setOpen] = useState(null);
  if (!answer) return html`<${Loading} />`;
  if (answer.data.length === 0) return html`<p class="dim">No events.</p>`;
  return html`<ol class="timeline">${answer.data.map(e => html`<li key=${e.message_id}><button class="plain line" aria-expanded=${open === e.message_id ? 'true' : 'false'} onClick=${() => setOpen(open === e.message_id ? null : e.message_id)}><b>${nameOf(e)}</b></button>
    <span class="dim small"> ${e.type}, ${timeText(e.timestamp)}, ${ago(e.timestamp)}, from ${e.source_id}</span>${open === e.message_id ? html`<${Json} label="Event" value=${e.properties ?? e.traits ?? {}} />` : null}</li>`)}</ol>
    <p class="dim small">The ten latest of each identifier.</p>`;
}

function Split({ profile, done, close }) {
  const [chosen, setChosen] = useState([]);
  const name = i => `${i.type}:${i.value}`;
  const turn = n => setChosen(chosen.includes(n) ? chosen.filter(c => c !== n) : [...chosen, n]);
  const stays = profile.identifiers.find(i => !chosen.includes(name(i)));
  return html`<${Confirm} title="Split this profile" action="Split" danger disabled=${chosen.length === 0 || !stays} close=${close}
    act=${() => done(() => call(`${pathOf(name(stays))}/split`, { method: 'POST', body: JSON.stringify({ identifiers: chosen }), headers: { 'content-type': 'application/json' } }), name(stays))}>
    <p>The chosen identifiers leave with their events. They do not come together again until they are linked. All counts and segments follow at once.</p>
    <fieldset><legend>These leave</legend>${profile.identifiers.map(i => html`<label class="row" key=${name(i)}><input type="checkbox" checked=${chosen.includes(name(i))} onChange=${() => turn(name(i))} /><span class="break">${name(i)}</span></label>`)}</fieldset><//>`;
}

export function Profiles({ report, argument }) {
  const [profile, setProfile] = useState(null);
  const [missing, setMissing] = useState(null);
  const [dialog, setDialog] = useState(null);
  const [history, setHistory] = useState(false);
  const [turn, setTurn] = useState(0);
  const [sql, setSql] = useState({});
  useEffect(() => { report(async () => setSql(Object.fromEntries((await get('/api/pipelines')).nodes.filter(n => n.sql).map(n => [n.name, n.sql])))); }, []);
  useEffect(() => {
    let timer;
    let left = false;
    setProfile(null);
    setMissing(null);
    setHistory(false);
    const load = async () => {
      await report(async () => {
        try {
          const now = await get(pathOf(argument));
          if (!left) setProfile(now);
        } catch (failure) {
          if (failure.status !== 404 && failure.status !== 400) throw failure;
          if (!left) { setProfile(null); setMissing(failure.message); left = true; }
        }
      });
      if (!left) timer = setTimeout(load, every(3000)());
    };
    if (argument) load();
    return () => { left = true; clearTimeout(timer); };
  }, [argument, turn]);
  const id = profile?.profile_id ?? 0;
  const merges = useRows(id ? `SELECT merged_profile_id, message_id, event_time FROM profile_merges WHERE profile_id = ${id} ORDER BY event_time DESC LIMIT 50` : null, report, turn);
  const hasSegments = Object.values(sql).some(s => /^\s*CREATE\s+SEGMENT/i.test(s));
  const changes = useRows(id && hasSegments ? `SELECT segment, \`change\`, step_time, cause FROM segment_changes WHERE profile_id = ${id} ORDER BY step_time DESC LIMIT 50` : null, report, turn);
  const done = (action, name) => report(async () => { await action(); if (name) location.hash = `#/profiles/${encodeURIComponent(name)}`; setTurn(turn + 1); });
  const values = (of, empty) => Object.keys(of).length === 0 ? html`<p class="dim">${empty}</p>` : html`<${Pairs} of=${Object.entries(of).map(([k, v]) => [k, html`<span class="mono">${typeof v === 'string' && /^\d{4}-\d\d-\d\dT/.test(v) ? dayText(v) : cell(v)}</span>`])} />`;
  return html`<${Head} title="Profiles" note=${argument ? null : 'One person, device or account each: the connected set of their identifiers.'} />
    <div class="stack"><${Search} report=${report} value=${argument} />
    ${!argument ? html`<${Recent} report=${report} />` : missing ? html`<div class="panel"><${Empty} title="Nobody by this name">${missing}<//></div>` : !profile ? html`<${Loading} />` : html`
      <section class="panel pad" aria-label="Profile"><div class="head flat"><div><h2 class="big break" data-profile>${titleOf(profile)}</h2><p class="dim">Profile ${id}, first seen ${dayText(profile.identifiers.map(i => i.first_seen).sort()[0])}</p></div>
        <div class="actions"><button onClick=${() => setDialog('split')} disabled=${profile.identifiers.length < 2}>Split</button><button onClick=${() => setDialog('erase')}>Erase</button></div></div>
        <div class="badges">${profile.segments.map(s => html`<a key=${s} class="badge accent" href=${`#/segments/${encodeURIComponent(s)}`}>${s}</a>`)}</div></section>
      ${history ? html`<${TraitHistory} id=${id} report=${report} close=${() => setHistory(false)} />` : null}
      <div class="two"><div class="stack"><${Panel} title="Identity"><${Identity} profile=${profile} merges=${merges} /><//>
          <${Panel} title="Told traits" aside=${html`<button class="quiet" onClick=${() => setHistory(true)}>History</button>`}>${values(profile.traits, 'No identify call has told anything.')}<//>
          <${Panel} title="Computed traits">${values(profile.computed, 'No trait has a value for this profile.')}<//>
          <${Panel} title="Segments"><${Segments} profile=${profile} changes=${hasSegments ? changes : []} sqlOf=${name => sql[name] ?? ''} report=${report} /><//></div>
        <${Panel} title="Events"><${Timeline} id=${id} report=${report} /><//></div>`}
    </div>
    ${dialog === 'split' && profile ? html`<${Split} profile=${profile} done=${done} close=${() => setDialog(null)} />` : null}
    ${dialog === 'erase' && profile ? html`<${Confirm} title="Erase this profile" action="Erase" danger close=${() => setDialog(null)} act=${() => done(() => call(`${pathOf(argument)}/erase`, { method: 'POST', body: '' }))}><p>Its identifiers, told traits, traits and segments go, from every view. The events stay in the log, of nobody. This cannot be taken back.</p><//>` : null}`;
}
