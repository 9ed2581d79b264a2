// The server's public API. A token, where one is needed, is kept in memory alone.
let token = null;

export function setToken(value) { token = value; }

export class ApiError extends Error {
  constructor(status, answer) {
    super(answer.message ?? `The server answers ${status}.`);
    Object.assign(this, { status, code: answer.code, line: answer.line, column: answer.column });
  }
}

export async function call(path, options = {}) {
  const headers = { ...options.headers };
  if (token) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(path, { ...options, headers });
  if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => ({})));
  return answer;
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
