import { useEffect, useState } from './vendor/htm-preact.js';
import { get } from './api.js';

// The answer of a route, asked for again and again while the page is shown; null before the first. An answer that comes when the
// page has been left, or asks for another path by now, is dropped and asks for nothing more.
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
    if (path) load();
    return () => { left = true; clearTimeout(timer); };
  }, [path]);
  return answer;
}

// How often a page asks: seldom while nobody looks.
export const every = ms => () => document.hidden ? Math.max(ms, 10000) : ms;
