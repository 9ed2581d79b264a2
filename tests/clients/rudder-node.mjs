// Sends events with RudderStack's Node library: node rudder-node.mjs <url> <writeKey> <count>
import RudderAnalytics from '@rudderstack/rudder-sdk-node';

const [url, writeKey, count] = process.argv.slice(2);
const client = new RudderAnalytics(writeKey, { dataPlaneUrl: url, flushAt: 20, flushInterval: 200 });
let errors = 0;
const sent = [];
for (let i = 0; i < Number(count); i++) {
  // The callback comes when the event's batch has been answered.
  sent.push(new Promise((resolve) => client.track(
    { userId: `rudder-user-${i % 10}`, event: 'Client Test', properties: { n: i, client: 'rudder-node' } },
    (error) => { if (error) errors++; resolve(); })));
}
client.flush();
await Promise.all(sent);
console.log(JSON.stringify({ sent: Number(count), errors }));
process.exit(0);
