import { html, useEffect, useMemo, useRef, useState } from './vendor/htm-preact.js';
import { get, parse, query, subscribe } from './api.js';
import { Chart, numbersOf } from './chart.js';
import { Editor, placeOf } from './editor.js';
import { cell, count, isNumber, measure, rowsOf } from './format.js';
import { Empty, Head, Switch } from './parts.js';

const rowsShown = 500;
const savedAt = 'freshet.saved';
const words = ['SELECT', 'FROM', 'WHERE', 'GROUP BY', 'ORDER BY', 'LIMIT', 'JOIN', 'LEFT JOIN', 'HAVING', 'DISTINCT', 'EXPLAIN', 'EXPLAIN MEMBERSHIP OF', 'SHOW VIEWS', 'SHOW TABLES', 'SHOW FUNCTIONS', 'DESCRIBE', 'SUBSCRIBE', 'INTERVAL', 'BETWEEN'];

function Results({ columns, rows }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Rows"><table>
    <thead><tr>${columns.map(c => html`<th class=${isNumber(c.type) ? 'number' : ''}>${c.name}<small>${c.type}</small></th>`)}</tr></thead>
    <tbody>${rows.slice(0, rowsShown).map(r => html`<tr>${r.map((v, i) => html`<td class=${v === null ? 'null' : isNumber(columns[i].type) ? 'number' : ''} title=${cell(v)}>${cell(v)}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

// The failed statement's line with a mark under the place.
function Failure({ error, text }) {
  const line = error.line > 0 ? text.split('\n')[error.line - 1] : null;
  return html`<div class="error" role="alert">${error.line > 0 ? `Line ${error.line}, column ${error.column}: ` : ''}${error.message}
    ${line ? html`<pre>${line + '\n' + ' '.repeat(error.column - 1) + '^'}</pre>` : null}</div>`;
}

// Statements kept in this browser.
function useSaved() {
  const [saved, setSaved] = useState(() => { try { return JSON.parse(localStorage.getItem(savedAt)) ?? []; } catch { return []; } });
  const keep = list => { setSaved(list); localStorage.setItem(savedAt, JSON.stringify(list)); };
  return [saved, (name, text) => keep([...saved.filter(s => s.name !== name), { name, text }]), name => keep(saved.filter(s => s.name !== name))];
}

function Names({ tables, saved, open, forget }) {
  return html`<aside class="panel names" aria-label="Names">
    <h2 class="dim small">Saved in this browser</h2>${saved.length === 0 ? html`<p class="dim small">Save gives the statement a name.</p>` : saved.map(s => html`<div class="row" key=${s.name}><button class="plain grow break" onClick=${() => open(s.text)}>${s.name}</button><button class="quiet" aria-label=${`Forget ${s.name}`} onClick=${() => forget(s.name)}>×</button></div>`)}
    <h2 class="dim small">Tables and views</h2><p class="dim small">Rows that failed or came late: <code>name$errors</code>, <code>name$late</code>.</p>
    ${tables.map(v => html`<details key=${v.name}><summary>${v.name}</summary><ul>${v.columns.map(c => html`<li>${c.name} ${c.type}</li>`)}</ul>
      <button class="quiet" onClick=${() => open(`SELECT * FROM ${v.name} LIMIT 100`)}>Read</button></details>`)}</aside>`;
}

async function namesOf(report) {
  let tables = [];
  let functions = [];
  await report(async () => {
    const ask = async sql => (await (await query(sql)).json()).rows;
    const views = (await get('/api/views')).views.filter(v => !v.name.includes('$'));
    const others = (await ask('SHOW TABLES')).map(r => r[0]).filter(n => /^\w+$/.test(n) && views.every(v => v.name !== n)).slice(0, 40);
    const described = await Promise.all(others.map(async name => ({ name, columns: (await ask(`DESCRIBE \`${name}\``)).map(r => ({ name: r[0], type: r[1] })) })));
    tables = [...described, ...views];
    functions = (await ask('SHOW FUNCTIONS')).map(r => r[0]);
  });
  return { tables, functions };
}

export function Sql({ report, argument }) {
  const [text, setText] = useState(argument ?? 'SHOW VIEWS');
  const [{ tables, functions }, setNames] = useState({ tables: [], functions: [] });
  const [result, setResult] = useState(null);
  const [error, setError] = useState(null);
  const [mode, setMode] = useState('table');
  const [kind, setKind] = useState('auto');
  const [value, setValue] = useState(0);
  const [running, setRunning] = useState(null);
  const [naming, setNaming] = useState(false);
  const [saved, save, forget] = useSaved();
  const area = useRef(null);
  const stop = useRef(null);

  useEffect(() => {
    namesOf(report).then(found => {
      setNames(found);
      const plain = found.tables.find(v => v.key) ?? found.tables[0];
      if (plain) setText(now => now === 'SHOW VIEWS' ? `SELECT * FROM ${plain.name} LIMIT 100` : now);
    });
    return () => stop.current?.abort();
  }, []);
  useEffect(() => { if (argument) setText(argument); }, [argument]);

  // One entry for each name: what it is first.
  const names = useMemo(() => [...new Map([...functions.map(f => [f, 'function']), ...words.map(w => [w, 'keyword']), ...tables.flatMap(t => t.columns.map(c => [c.name, `column, ${c.type.split('(')[0]}`])), ...tables.map(t => [t.name, 'table'])])], [tables, functions]);
  const change = now => { setText(now); setError(null); };

  const mark = failure => {
    setError(failure);
    const place = placeOf(failure, text);
    if (!place) return;
    area.current.focus();
    area.current.setSelectionRange(...place);
  };

  const work = async (what, action) => {
    stop.current?.abort();
    const abort = stop.current = new AbortController();
    setRunning(what);
    setError(null);
    try {
      await action(abort.signal);
    } catch (failure) {
      if (failure.name !== 'AbortError') mark(failure);
    }
    if (stop.current === abort) setRunning(null);
  };

  const run = () => work('query', async signal => {
    const started = performance.now();
    const answer = parse(await (await query(text, signal)).text());
    setResult({ ...answer, note: `${rowsOf(answer.rows.length)} in ${measure(performance.now() - started, 'ms').join(' ')}` });
  });

  const live = () => work('live', async signal => {
    let columns = [];
    let step = 0;
    let due = false;
    const held = new Map();
    const show = () => {
      due = false;
      // What is shown by now may be another statement's.
      if (signal.aborted) return;
      const rows = [];
      for (const { row, weight } of held.values()) for (let n = 0; n < weight && rows.length < rowsShown; n++) rows.push(row);
      setResult({ columns, rows, note: `${rowsOf(held.size)} as of step ${count(step)}, live` });
    };
    const statement = text.trim().replace(/;$/, '');
    await subscribe(/^subscribe\b/i.test(statement) ? statement : `SUBSCRIBE (${statement})`, signal, message => {
      if (message.type === 'start') columns = message.columns;
      if (message.type === 'reset') held.clear();
      if (message.type === 'end') throw Object.assign(new Error(message.message), { code: message.code });
      message.rows?.forEach((row, i) => {
        const key = JSON.stringify(row);
        const weight = (held.get(key)?.weight ?? 0) + message.weights[i];
        if (weight === 0) held.delete(key);
        else held.set(key, { row, weight });
      });
      step = message.step ?? step;
      // The page is drawn at most five times a second, whatever comes.
      if (!due) { due = true; setTimeout(show, 200); }
    });
  });

  const download = () => work('query', async signal => {
    const url = URL.createObjectURL(await (await query(text, signal, 'text/csv')).blob());
    const link = Object.assign(document.createElement('a'), { href: url, download: 'result.csv' });
    link.click();
    URL.revokeObjectURL(url);
  });

  const keep = e => { e.preventDefault(); save(e.target.elements.name.value.trim(), text); setNaming(false); };
  const numbers = result ? numbersOf(result.columns) : [];
  return html`<${Head} title="SQL" note="Reads views, tables and the history of topics, as of one step. Live follows views." />
    <div class="sql"><div class="stack"><div class="panel"><${Editor} text=${text} names=${names} error=${error} change=${change} run=${run} area=${area} />
      <div class="panel-foot row"><button class="primary" onClick=${run} disabled=${running === 'query'}>Run</button>
        ${running === 'live' ? html`<button onClick=${() => stop.current.abort()}>Stop</button>` : html`<button onClick=${live}>Live</button>`}
        <button onClick=${download}>CSV</button>
        ${naming ? html`<form class="row" onSubmit=${keep}><input name="name" aria-label="Name" placeholder="Name" required maxlength="60" autofocus /><button>Keep</button></form>` : html`<button onClick=${() => setNaming(true)}>Save</button>`}
        <span class="grow"></span><span class="dim small">Ctrl+Enter runs, Tab completes</span></div></div>
      ${error ? html`<${Failure} error=${error} text=${text} />` : null}
      ${result ? html`<section class="panel results" aria-label="Result"><header><p class="dim" role="status">${result.note}${result.rows.length > rowsShown ? `; the first ${rowsShown} are shown` : ''}</p>
          <div class="row">${mode === 'chart' && numbers.length > 1 ? html`<label class="field">Value <select value=${numbers.includes(value) ? value : numbers[0]} onChange=${e => setValue(Number(e.target.value))}>${numbers.map(i => html`<option value=${i}>${result.columns[i].name}</option>`)}</select></label>` : null}
            ${mode === 'chart' ? html`<${Switch} label="Kind of chart" value=${kind} options=${[['auto', 'Auto'], ['line', 'Line'], ['bar', 'Bar']]} change=${setKind} />` : null}
            <${Switch} label="Show" value=${mode} options=${[['table', 'Table'], ['chart', 'Chart']]} change=${setMode} /></div></header>
        ${result.rows.length === 0 ? html`<${Empty} title="No rows">The statement is right; nothing fits it now.<//>` : mode === 'table' ? html`<${Results} ...${result} />` : html`<div class="body"><${Chart} ...${result} kind=${kind} value=${value} /></div>`}</section>` : null}
    </div><${Names} tables=${tables} saved=${saved} open=${change} forget=${forget} /></div>`;
}
