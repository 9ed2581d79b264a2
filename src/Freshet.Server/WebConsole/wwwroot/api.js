// The server's public API. Where a login is needed, the session is a cookie that no script sees; its token against forged requests goes with all that
// is no GET. Neither is kept anywhere but in memory.
let session = null;

export class ApiError extends Error {
  constructor(status, answer) {
    super(answer.message ?? `The server answers ${status}.`);
    Object.assign(this, { status, code: answer.code, line: answer.line, column: answer.column });
  }
}

const send = async (path, options) => {
  const answer = await fetch(path, options);
  if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => ({})));
  return answer;
};

// { loginNeeded, loggedIn, csrf }; asked for once, and again where it may have changed.
export const sessionOf = again => {
  if (again || !session) session = send('/api/session').then(a => a.json()).catch(failure => { session = null; throw failure; });
  return session;
};

export async function call(path, options = {}, again = false) {
  if (!options.method || options.method === 'GET') return send(path, options);
  const { csrf } = await sessionOf(again);
  try {
    return await send(path, { ...options, headers: { ...options.headers, ...(csrf ? { 'x-csrf-token': csrf } : {}) } });
  } catch (failure) {
    // Another page of this browser has logged in anew.
    if (failure.code === 'csrf_token' && !again) return call(path, options, true);
    throw failure;
  }
}

// Whether the browser has kept the session.
export async function login(secret) {
  await send('/api/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ secret }) });
  return (await sessionOf(true)).loggedIn;
}

export async function logout() {
  await call('/api/session', { method: 'DELETE' }).catch(failure => { if (failure.status !== 401) throw failure; });
  session = null;
}

export const get = async path => (await call(path)).json();

export const query = (sql, signal, accept = 'application/json', path = '/api/sql') =>
  call(path, { method: 'POST', body: sql, signal, headers: { 'content-type': 'text/plain', accept } });

// Numbers that JavaScript would round, or whose zeros it would drop, stay the texts that they are.
const exact = (_, value, context) => typeof value === 'number' && context?.source && context.source !== String(value) ? context.source : value;

export const parse = text => JSON.parse(text, exact);

// Shows each message of a SUBSCRIBE until it ends or the signal is given.
export async function subscribe(sql, signal, show) {
  const reader = (await query(sql, signal)).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    for (const line of lines) show(parse(line));
  }
}
