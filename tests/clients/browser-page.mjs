// Serves a page that sends events with Segment's browser library: node browser-page.mjs <url> <writeKey> <count>
// Prints the page's address; ends with its standard input.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const [url, writeKey, count] = process.argv.slice(2);
const root = join(dirname(createRequire(import.meta.url).resolve('@segment/analytics-next/package.json')), 'dist', 'umd');
const page = `<!doctype html><title>sending</title><script src="/umd/index.js"></script><script>
  const analytics = window.AnalyticsNext.AnalyticsBrowser.load(
    { writeKey: ${JSON.stringify(writeKey)}, cdnURL: ${JSON.stringify(url)} },
    { integrations: { 'Segment.io': { apiHost: ${JSON.stringify(new URL(url).host + '/v1')}, protocol: 'http' } } });
  (async () => {
    await analytics.identify('browser-user', { plan: 'pro' });
    for (let i = 1; i < ${Number(count)}; i++) await analytics.track('Client Test', { n: i, client: 'segment-browser' });
    document.title = 'sent';
  })().catch((error) => { document.title = 'failed: ' + error; });
</script>`;
const server = createServer(async (request, response) => {
  if (request.url === '/') return response.setHeader('content-type', 'text/html').end(page);
  const name = request.url.replace(/^\/umd\//, '').replace(/[^\w.-]/g, '');
  try {
    response.setHeader('content-type', 'text/javascript').end(await readFile(join(root, name)));
  } catch {
    response.writeHead(404).end();
  }
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
process.stdin.resume().on('end', () => process.exit(0));
