import { html, useEffect, useRef, useState } from './vendor/htm-preact.js';
import { get, parse, query, subscribe } from './api.js';
import { Chart } from './chart.js';
import { cell, count, isNumber, rowsOf } from './format.js';

const rowsShown = 500;
const words = ['SELECT', 'FROM', 'WHERE', 'GROUP BY', 'ORDER BY', 'LIMIT', 'JOIN', 'LEFT JOIN', 'HAVING', 'COUNT', 'DISTINCT', 'EXPLAIN', 'SHOW', 'DESCRIBE'];

function Results({ columns, rows }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Rows"><table>
    <thead><tr>${columns.map(c => html`<th class=${isNumber(c.type) ? 'number' : ''}>${c.name}<small>${c.type}</small></th>`)}</tr></thead>
    <tbody>${rows.slice(0, rowsShown).map(r => html`<tr>${r.map((v, i) => html`<td class=${v === null ? 'null' : isNumber(columns[i].type) ? 'number' : ''}>${cell(v)}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

// The failed statement's line with a mark under the place.
function Failure({ error, text }) {
  const line = error.line > 0 ? text.split('\n')[error.line - 1] : null;
  return html`<div class="error" role="alert">${error.line > 0 ? `Line ${error.line}, column ${error.column}: ` : ''}${error.message}
    ${line ? html`<pre>${line + '\n' + ' '.repeat(error.column - 1) + '^'}</pre>` : null}</div>`;
}

function Names({ views, insert }) {
  return html`<aside class="panel names" aria-label="Views"><strong>Views</strong>
    <div class="hint">Rows that failed or came late: <code>name$errors</code>, <code>name$late</code>.</div>
    ${views.filter(v => !v.name.includes('$')).map(v => html`<details key=${v.name}><summary>${v.name}</summary><ul>${v.columns.map(c => html`<li>${c.name} ${c.type}</li>`)}</ul>
      <button onClick=${() => insert(`SELECT * FROM ${v.name} LIMIT 100`)}>Read</button></details>`)}</aside>`;
}

export function Sql({ report }) {
  const [text, setText] = useState('SHOW VIEWS');
  const [views, setViews] = useState([]);
  const [functions, setFunctions] = useState([]);
  const [result, setResult] = useState(null);
  const [error, setError] = useState(null);
  const [mode, setMode] = useState('table');
  const [running, setRunning] = useState(null);
  const [word, setWord] = useState('');
  const editor = useRef(null);
  const stop = useRef(null);

  useEffect(() => {
    report(async () => {
      const known = (await get('/api/views')).views;
      setViews(known);
      const plain = known.find(v => !v.name.includes('$'));
      if (plain) setText(`SELECT * FROM ${plain.name} LIMIT 100`);
      setFunctions((await (await query('SHOW FUNCTIONS')).json()).rows.map(r => r[0]));
    });
    return () => stop.current?.abort();
  }, []);

  const names = [...new Set([...views.flatMap(v => [v.name, ...v.columns.map(c => c.name)]), ...words, ...functions])];
  const matches = word.length < 2 ? [] : names.filter(n => n.toLowerCase().startsWith(word.toLowerCase()) && n.toLowerCase() !== word.toLowerCase()).slice(0, 8);

  const wordAt = area => /[\w$]*$/.exec(area.value.slice(0, area.selectionStart))[0];
  const changed = e => { setText(e.target.value); setWord(wordAt(e.target)); setError(null); };
  const complete = name => {
    const area = editor.current;
    area.setRangeText(name, area.selectionStart - word.length, area.selectionStart, 'end');
    setText(area.value);
    setWord('');
    area.focus();
  };

  const mark = failure => {
    setError(failure);
    if (!(failure.line > 0)) return;
    const start = text.split('\n').slice(0, failure.line - 1).reduce((sum, l) => sum + l.length + 1, 0) + failure.column - 1;
    const length = /^[\w$]*/.exec(text.slice(start))[0].length || 1;
    editor.current.focus();
    editor.current.setSelectionRange(start, start + length);
  };

  const work = async (kind, action) => {
    stop.current?.abort();
    const abort = stop.current = new AbortController();
    setRunning(kind);
    setWord('');
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
    setResult({ ...answer, note: `${rowsOf(answer.rows.length)} in ${count(performance.now() - started)} ms` });
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

  const save = () => work('query', async signal => {
    const url = URL.createObjectURL(await (await query(text, signal, 'text/csv')).blob());
    const link = Object.assign(document.createElement('a'), { href: url, download: 'result.csv' });
    link.click();
    URL.revokeObjectURL(url);
  });

  const keys = e => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); run(); }
    else if (e.key === 'Tab' && !e.shiftKey && matches.length > 0) { e.preventDefault(); complete(matches[0]); }
    else if (e.key === 'Escape') setWord('');
  };

  return html`<h1>SQL</h1><p class="note">Reads views, tables and the history of topics, as of one step. Live follows views.</p>
    <div class="sql"><div>
      <div class="editor"><textarea ref=${editor} aria-label="Statement" spellcheck="false" aria-invalid=${error ? 'true' : 'false'} value=${text} onInput=${changed} onClick=${e => setWord(wordAt(e.target))} onKeyDown=${keys}></textarea></div>
      <div class="suggestions">${matches.length === 0 ? html`<span class="hint">Ctrl+Enter runs; Tab takes the first suggestion.</span>` : matches.map(m => html`<button key=${m} onClick=${() => complete(m)}>${m}</button>`)}</div>
      <div class="row"><button class="primary" onClick=${run} disabled=${running === 'query'}>Run</button>
        ${running === 'live' ? html`<button onClick=${() => stop.current.abort()}>Stop</button>` : html`<button onClick=${live}>Live</button>`}
        <button onClick=${save}>CSV</button><span class="grow"></span>
        <label>Show <select value=${mode} onChange=${e => setMode(e.target.value)}><option value="table">table</option><option value="chart">chart</option></select></label></div>
      ${error ? html`<${Failure} error=${error} text=${text} />` : null}
      ${result ? html`<div class="panel results"><p class="note" role="status">${result.note}${result.rows.length > rowsShown ? `; the first ${rowsShown} are shown` : ''}</p>
        ${mode === 'table' ? html`<${Results} ...${result} />` : html`<${Chart} ...${result} />`}</div>` : null}
    </div><${Names} views=${views} insert=${setText} /></div>`;
}
