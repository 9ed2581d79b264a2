import { html, render, useCallback, useEffect, useState } from './vendor/htm-preact.js';
import { setToken } from './api.js';
import { Now } from './now.js';
import { Sql } from './sql.js';
import { System } from './system.js';

const pages = [['now', 'Now', Now], ['sql', 'SQL', Sql], ['system', 'System', System]];
const pageOf = () => pages.find(p => `#/${p[0]}` === location.hash) ?? pages[0];
const wantsDark = matchMedia('(prefers-color-scheme: dark)');

function Login({ done }) {
  const submit = e => { e.preventDefault(); setToken(e.target.elements.token.value); done(); };
  return html`<form class="panel login" onSubmit=${submit}><h1>Freshet</h1><p class="note">This server asks for its API token. It is kept in this page alone, until you close it.</p>
    <label>Token<input name="token" type="password" autocomplete="off" required /></label><button class="primary">Open</button></form>`;
}

function App() {
  const [page, setPage] = useState(pageOf);
  const [down, setDown] = useState(null);
  const [locked, setLocked] = useState(false);
  const [dark, setDark] = useState(wantsDark.matches);
  useEffect(() => {
    const turn = () => setPage(pageOf());
    const follow = e => setDark(e.matches);
    addEventListener('hashchange', turn);
    wantsDark.addEventListener('change', follow);
    return () => { removeEventListener('hashchange', turn); wantsDark.removeEventListener('change', follow); };
  }, []);
  useEffect(() => { document.documentElement.dataset.theme = dark ? 'dark' : 'light'; }, [dark]);

  // Runs what asks the server: an answer means that it is up, a failure is shown and the page goes on.
  const report = useCallback(async action => {
    try {
      await action();
      setDown(null);
    } catch (failure) {
      if (failure.status === 401) setLocked(true);
      else setDown(failure.status ? failure.message : 'The server does not answer.');
    }
  }, []);

  if (locked) return html`<${Login} done=${() => setLocked(false)} />`;
  const [name, , Page] = page;
  return html`<header><span class="brand"><img src="/console/icon.svg" alt="" />Freshet</span>
      <nav aria-label="Pages">${pages.map(([n, title]) => html`<a key=${n} href=${`#/${n}`} aria-current=${n === name ? 'page' : undefined}>${title}</a>`)}</nav>
      <span class=${`state${down ? ' down' : ''}`} role="status"><i></i>${down ?? 'live'}</span>
      <button onClick=${() => setDark(!dark)} aria-label=${dark ? 'Light colours' : 'Dark colours'}>${dark ? 'Light' : 'Dark'}</button></header>
    <main><${Page} key=${name} report=${report} /></main>`;
}

render(html`<${App} />`, document.getElementById('app'));
