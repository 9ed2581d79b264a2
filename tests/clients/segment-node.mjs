// Sends events with Segment's Node library: node segment-node.mjs <url> <writeKey> <count>
import { Analytics } from '@segment/analytics-node';

const [url, writeKey, count] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host: url, flushAt: 20, flushInterval: 200 });
const sent = [];
let errors = 0;
analytics.on('error', () => errors++);
for (let i = 0; i < Number(count); i++) {
  const userId = `node-user-${i % 10}`;
  const call = i % 10 === 0
    ? (done) => analytics.identify({ userId, traits: { plan: 'pro', seat: i } }, done)
    : (done) => analytics.track({ userId, event: 'Client Test', properties: { n: i, client: 'segment-node', text: 'ünï "quoted"' } }, done);
  sent.push(new Promise((resolve) => call(resolve)));
}
await Promise.all(sent);
await analytics.closeAndFlush();
console.log(JSON.stringify({ sent: sent.length, errors }));
