import { useEffect, useState } from './vendor/htm-preact.js';
import { get } from './api.js';

// The answer of a route, asked for again and again while the page is shown; null before the first. An answer that comes when the
// page has been left asks for nothing more.
export function usePolled(path, report, everyMs) {
  const [answer, setAnswer] = useState(null);
  useEffect(() => {
    let timer;
    let left = false;
    const load = async () => {
      await report(async () => {
        const now = await get(path);
        if (!left) setAnswer(now);
      });
      if (!left) timer = setTimeout(load, everyMs());
    };
    load();
    return () => { left = true; clearTimeout(timer); };
  }, []);
  return answer;
}
