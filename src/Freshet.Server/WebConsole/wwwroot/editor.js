// The statement's editor: coloured text below a text area whose own letters cannot be seen, a mark under a mistake, and names that
// complete as one types. What is coloured is text, never markup.
import { html, useLayoutEffect, useRef, useState } from './vendor/htm-preact.js';
import { coloured } from './parts.js';

const suggestionsMax = 12;

const wordBefore = area => /[\w$]*$/.exec(area.value.slice(0, area.selectionStart))[0];

// Names that begin with the word, then those that hold it; the word itself needs no completing.
function matchesOf(names, word) {
  if (word.length < 2) return [];
  const low = word.toLowerCase();
  const found = names.filter(([n]) => n.toLowerCase().startsWith(low) && n.toLowerCase() !== low);
  return [...found, ...names.filter(([n]) => word.length > 2 && found.length < 4 && n.toLowerCase().indexOf(low) > 0)].slice(0, suggestionsMax);
}

// Where a mistake stands in the text, as [start, end].
export function placeOf(error, text) {
  if (!(error?.line > 0)) return null;
  const start = text.split('\n').slice(0, error.line - 1).reduce((sum, l) => sum + l.length + 1, 0) + error.column - 1;
  return [start, start + (/^[\w$]*/.exec(text.slice(start))[0].length || 1)];
}

export function Editor({ text, names, error, change, run, area }) {
  const [word, setWord] = useState('');
  const [at, setAt] = useState(0);
  const [corner, setCorner] = useState({ left: 0, top: 0 });
  const shown = useRef(null);
  const caret = useRef(null);
  const matches = matchesOf(names, word);
  const place = placeOf(error, text);
  const split = area.current && word ? area.current.selectionStart : -1;

  // The list stands below the word: a mark in the coloured text says where that is.
  useLayoutEffect(() => {
    if (matches.length === 0 || !caret.current) return;
    setCorner({ left: Math.max(0, Math.min(caret.current.offsetLeft, area.current.clientWidth - 240)), top: caret.current.offsetTop + 24 - area.current.scrollTop });
  }, [word]);

  const look = () => { setWord(wordBefore(area.current)); setAt(0); };
  const take = name => {
    area.current.setRangeText(name, area.current.selectionStart - word.length, area.current.selectionStart, 'end');
    change(area.current.value);
    setWord('');
    area.current.focus();
  };
  const keys = e => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); setWord(''); run(); return; }
    if (matches.length === 0) return;
    if (e.key === 'Tab' && !e.shiftKey || (e.key === 'Enter' && at > 0)) { e.preventDefault(); take(matches[at][0]); }
    else if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); setAt((at + (e.key === 'ArrowDown' ? 1 : matches.length - 1)) % matches.length); }
    else if (e.key === 'Escape') setWord('');
  };
  const layers = place ? [coloured(text.slice(0, place[0])), html`<mark>${text.slice(...place)}</mark>`, coloured(text.slice(place[1]))]
    : split >= 0 ? [coloured(text.slice(0, split - word.length)), html`<span ref=${caret}></span>`, coloured(text.slice(split - word.length))] : coloured(text);
  return html`<div class="editor"><pre ref=${shown} aria-hidden="true">${layers}${'\n'}</pre>
    <textarea ref=${area} aria-label="Statement" aria-autocomplete="list" aria-controls=${matches.length > 0 ? 'suggestions' : undefined} aria-activedescendant=${matches.length > 0 ? `suggestion-${at}` : undefined} spellcheck=${false} autocapitalize="off" aria-invalid=${error ? 'true' : 'false'} value=${text}
      onInput=${e => { change(e.target.value); look(); }} onClick=${() => setWord('')} onBlur=${() => setTimeout(() => setWord(''), 150)} onKeyDown=${keys} onScroll=${e => { shown.current.scrollTop = e.target.scrollTop; }}></textarea>
    ${matches.length > 0 ? html`<ul class="suggestions" id="suggestions" role="listbox" aria-label="Completions" style=${{ left: `${corner.left}px`, top: `${corner.top}px` }}>
      ${matches.map(([name, kind], i) => html`<li key=${name} id=${`suggestion-${i}`} role="option" aria-selected=${i === at ? 'true' : 'false'} onMouseDown=${e => { e.preventDefault(); take(name); }}>${name}<small>${kind}</small></li>`)}</ul>` : null}</div>`;
}
