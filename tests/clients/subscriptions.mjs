// Follows a view over Server-Sent Events and a WebSocket with unchanged libraries: node subscriptions.mjs <url> <writeKey> <count>
// Prints what both have seen of the view when all events are in it.
import { EventSource } from 'eventsource';
import WebSocket from 'ws';

const [url, writeKey, count] = process.argv.slice(2);
const send = (from, to) => fetch(`${url}/v1/batch`, {
  method: 'POST',
  headers: { authorization: `Basic ${btoa(`${writeKey}:`)}`, 'content-type': 'application/json' },
  body: JSON.stringify({ batch: Array.from({ length: to - from }, (_, i) => ({ type: 'track', userId: `u${from + i}`, event: 'Followed', properties: { client: 'follower', n: from + i } })) }),
});

// The rows of the view, from the messages.
class Rows {
  held = new Map();
  step = 0;
  take(message) {
    this.step = message.step ?? this.step;
    if (message.type === 'reset') this.held.clear();
    (message.rows ?? []).forEach((row, i) => {
      const key = JSON.stringify(row);
      const weight = (this.held.get(key) ?? 0) + message.weights[i];
      if (weight === 0) this.held.delete(key); else this.held.set(key, weight);
    });
    this.waiting?.();
  }
  async until(text) {
    while (!(this.held.size === 1 && this.held.get(text) === 1)) await new Promise(resolve => { this.waiting = resolve; });
  }
}

const half = Math.floor(Number(count) / 2);
const sum = n => n * (n - 1) / 2;
const row = n => JSON.stringify(['follower', n, sum(n)]);
const events = new Rows();
const frames = new Rows();
const source = new EventSource(`${url}/api/views/by_client/changes`);
for (const kind of ['snapshot', 'changes', 'reset']) source.addEventListener(kind, e => { events.lastId = e.lastEventId; events.take(JSON.parse(e.data)); });
const socket = new WebSocket(`${url.replace('http', 'ws')}/api/views/by_client/changes`);
socket.on('message', data => frames.take(JSON.parse(data)));
await new Promise(resolve => socket.once('open', resolve));
await send(0, half);
await Promise.all([events.until(row(half)), frames.until(row(half))]);

// A WebSocket that goes on from the step that the events have told.
source.close();
socket.close();
await send(half, Number(count));
const resumed = new Rows();
resumed.held.set(row(half), 1);
const kinds = [];
const again = new WebSocket(`${url.replace('http', 'ws')}/api/views/by_client/changes?after=${events.lastId}`);
again.on('message', data => { const m = JSON.parse(data); kinds.push(m.type); resumed.take(m); });
await resumed.until(row(Number(count)));
again.close();
console.log(JSON.stringify({ followed: true, kinds: [...new Set(kinds)] }));
