import { html, render, useCallback, useEffect, useState } from './vendor/htm-preact.js';
import { login, logout, sessionOf } from './api.js';
import { Events } from './events.js';
import { Now } from './now.js';
import { Pipelines } from './pipelines.js';
import { Profiles } from './profiles.js';
import { Quality } from './quality.js';
import { Segments } from './segments.js';
import { Sql } from './sql.js';
import { System } from './system.js';

// Name, title, component, icon; the groups stand before their first page.
const pages = [
  ['now', 'Now', Now, 'M2 9h3l2-6 3 11 2-5h2', 'Watch'],
  ['events', 'Live events', Events, 'M2 4h12M2 8h8M2 12h10M13 8h.01'],
  ['profiles', 'Profiles', Profiles, 'M8 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM3 14c0-3 2-4.5 5-4.5s5 1.5 5 4.5', 'Customers'],
  ['segments', 'Segments', Segments, 'M8 2a6 6 0 1 0 6 6H8z M11 2.5A5 5 0 0 1 13.5 5H11z'],
  ['pipelines', 'Pipelines', Pipelines, 'M2 3h4v4H2zM10 9h4v4h-4zM6 5h2.5v6H10', 'Engine'],
  ['sql', 'SQL', Sql, 'M3 4l4 4-4 4M8.5 12H13'],
  ['quality', 'Data quality', Quality, 'M8 2l5 2v4c0 3-2 5-5 6-3-1-5-3-5-6V4zM6 8l1.5 1.5L10.5 6', 'Operate'],
  ['system', 'System', System, 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01'],
];

// The place is #/page/argument.
const placeOf = () => {
  const [, name, ...rest] = location.hash.split('/');
  const page = pages.find(p => p[0] === name) ?? pages[0];
  return { page, argument: rest.length > 0 ? decodeURIComponent(rest.join('/')) : null };
};
const wantsDark = matchMedia('(prefers-color-scheme: dark)');

function Login({ done }) {
  const [problem, setProblem] = useState(null);
  const [asking, setAsking] = useState(false);
  const submit = async e => {
    e.preventDefault();
    setAsking(true);
    setProblem(null);
    try {
      if (await login(e.target.elements.secret.value)) return done();
      setProblem('The browser has not kept the session: open the console over https, or as http://localhost.');
    } catch (failure) {
      setProblem(failure.status ? failure.message : 'The server does not answer.');
    }
    setAsking(false);
  };
  return html`<main class="door"><form class="panel login" onSubmit=${submit}><h1><img src="/console/icon.svg" alt="" />Freshet</h1>
    <label>Password or token<input name="secret" type="password" autocomplete="current-password" autofocus required aria-invalid=${problem ? 'true' : undefined} /></label>
    ${problem ? html`<p class="error" role="alert">${problem}</p>` : null}
    <button class="primary" disabled=${asking}>Log in</button></form></main>`;
}

function App() {
  const [place, setPlace] = useState(placeOf);
  const [down, setDown] = useState(null);
  const [locked, setLocked] = useState(false);
  const [dark, setDark] = useState(wantsDark.matches);
  useEffect(() => {
    const turn = () => setPlace(placeOf());
    const follow = e => setDark(e.matches);
    addEventListener('hashchange', turn);
    const show = () => document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
    addEventListener('resize', show);
    wantsDark.addEventListener('change', follow);
    return () => { removeEventListener('hashchange', turn); removeEventListener('resize', show); wantsDark.removeEventListener('change', follow); };
  }, []);
  const [mayLeave, setMayLeave] = useState(false);
  const [asked, setAsked] = useState(false);
  const askSession = () => sessionOf().then(s => { setMayLeave(s.loggedIn); setLocked(s.loginNeeded && !s.loggedIn); }).catch(() => {}).finally(() => setAsked(true));
  useEffect(() => { askSession(); }, []);
  useEffect(() => { document.documentElement.dataset.theme = dark ? 'dark' : 'light'; }, [dark]);
  const [name, title, Page] = place.page;
  // On a phone the pages are a row that is wider than the screen.
  useEffect(() => { document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' }); }, [name]);
  useEffect(() => { document.title = `${title} · Freshet`; }, [title]);

  // Runs what asks the server: an answer means that it is up, a failure is shown and the page goes on.
  const report = useCallback(async action => {
    try {
      await action();
      setDown(null);
    } catch (failure) {
      if (failure.name === 'AbortError') return;
      if (failure.status === 401) setLocked(true);
      else setDown(failure.status ? failure.message : 'The server does not answer.');
    }
  }, []);

  const leave = () => report(async () => { await logout(); setLocked(true); });

  if (locked) return html`<${Login} done=${askSession} />`;
  return html`<div class="frame"><header class="side"><a class="brand" href="#/now"><img src="/console/icon.svg" alt="" />Freshet</a>
      <nav aria-label="Pages">${pages.map(([n, text, , icon, group]) => html`${group ? html`<div class="group">${group}</div>` : null}
        <a key=${n} href=${`#/${n}`} aria-current=${n === name ? 'page' : undefined}><svg viewBox="0 0 16 16" aria-hidden="true"><path d=${icon} /></svg>${text}</a>`)}</nav>
      <div class="foot"><span class=${`state${down ? ' down' : ''}`} role="status"><i></i>${down ?? 'live'}</span>
        ${mayLeave ? html`<button class="quiet" onClick=${leave}>Log out</button>` : null}
        <button class="quiet" onClick=${() => setDark(!dark)} aria-label=${dark ? 'Light colours' : 'Dark colours'}>${dark ? 'Light' : 'Dark'}</button></div></header>
    <main>${asked ? html`<${Page} key=${name} report=${report} argument=${place.argument} />` : null}</main></div>`;
}

render(html`<${App} />`, document.getElementById('app'));
