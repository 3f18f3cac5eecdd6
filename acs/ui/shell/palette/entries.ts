// The entries of the palette for a text: actions, pages, saved views, and a search. Devices come from the server.
import uFuzzy from '@leeoniya/ufuzzy';
import { quotedText } from '../../../query/quote.ts';
import type { View } from '../../api/views.ts';
import type { IconName } from '../../components/icon.tsx';
import { actionGroups } from '../../state/actions.ts';
import { go, hrefOf } from '../../state/location.ts';
import type { frame } from '../../words/en/frame.ts';

export interface Entry {
  id: string;
  group: string;
  text: string;
  detail?: string | undefined;
  keys?: string | undefined;
  icon?: IconName;
  /** Parts of the text that have been found: begin and end, one after the other. */
  marks?: readonly number[];
  run: () => void;
}

const fuzzy = new uFuzzy({ intraMode: 1 });
const MOST = 8;

export interface Sources {
  text: string;
  words: typeof frame;
  views: readonly View[];
  pages: readonly { name: keyof typeof frame.pages; path: string }[];
}

/** @returns in the order in which they are shown; `>` in front leaves actions, `#` saved views */
export function entriesFor(sources: Sources): Entry[] {
  const { text } = sources;
  if (text.startsWith('>')) return found(actionEntries(), text.slice(1));
  if (text.startsWith('#')) return found(viewEntries(sources), text.slice(1));
  const listed = [...found(actionEntries(), text), ...found(pageEntries(sources), text)];
  return text.trim() === '' ? listed : [...listed, ...found(viewEntries(sources), text), searchEntry(sources)];
}

/** The entries that a text finds, the best first within their groups; all of them for an empty text. */
function found(entries: readonly Entry[], text: string): Entry[] {
  const needle = text.trim();
  if (needle === '') return [...entries];
  const [indexes, info, order] = fuzzy.search(
    entries.map(entry => entry.text),
    needle,
  );
  if (!indexes) return [];
  if (!info || !order) return indexes.slice(0, MOST).flatMap(index => entries[index] ?? []);
  const ranked = order.flatMap(at => {
    const entry = entries[info.idx[at] ?? -1];
    return entry ? [{ ...entry, marks: info.ranges[at] ?? [] }] : [];
  });
  const groups = [...new Set(entries.map(({ group }) => group))];
  return groups.flatMap(group => ranked.filter(entry => entry.group === group).slice(0, MOST));
}

const actionEntries = (): Entry[] =>
  actionGroups().flatMap(({ head, actions }) =>
    actions.map(({ text, detail, keys, run }) => ({ id: `>${head} ${text}`, group: head, text, detail, keys, run })),
  );

const pageEntries = ({ pages, words }: Sources): Entry[] =>
  pages.map(({ name, path }) => ({
    id: `/${name}`,
    group: words.go,
    text: words.pages[name],
    icon: name,
    run: () => go(hrefOf(path)),
  }));

const viewEntries = ({ views, words }: Sources): Entry[] =>
  views.map(({ name, q, cols, sort }) => ({
    id: `#${name}`,
    group: words.savedViews,
    text: name,
    detail: q,
    run: () => go(hrefOf('/devices', { q, cols: cols.join(','), sort, view: name })),
  }));

const searchEntry = ({ text, words }: Sources): Entry => ({
  id: '?search',
  group: words.go,
  text: words.devicesWith(text.trim()),
  icon: 'search',
  run: () => go(hrefOf('/devices', { q: `search ${quotedText(text.trim())}` })),
});
