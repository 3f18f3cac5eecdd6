// The address of the page: path and query as a signal, changed by links, by `go` and by the browser's own buttons.
import { signal } from '@preact/signals';

export const ROOT = '/ui';

export interface Place {
  /** Below /ui, without a slash at its end: '' for the overview. */
  path: string;
  query: URLSearchParams;
}

const read = (): Place => ({
  path: globalThis.location.pathname.slice(ROOT.length).replace(/\/$/, ''),
  query: new URLSearchParams(globalThis.location.search),
});

export const place = signal<Place>(read());

/** The address of a place. Values that are undefined or empty are left out. */
export function hrefOf(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const text = new URLSearchParams(pairs).toString();
  return `${ROOT}${path || '/'}${text && `?${text}`}`;
}

/** Asks before the page is left, and calls `leave` where the answer is yes. */
type LeaveQuestion = (leave: () => void) => void;
let question: LeaveQuestion | undefined;

/** Every way to another page asks first, until the returned function is called. */
export function askBeforeLeaving(ask: LeaveQuestion): () => void {
  question = ask;
  const onUnload = (event: BeforeUnloadEvent): void => event.preventDefault();
  addEventListener('beforeunload', onUnload);
  const end = (): void => {
    removeEventListener('beforeunload', onUnload);
    if (question === ask) question = undefined;
  };
  return end;
}

/** @returns the way to the path has to be asked for first */
function isHeld(path: string, leave: () => void): boolean {
  const ask = question;
  if (!ask || path === globalThis.location.pathname) return false;
  ask(() => {
    question = undefined;
    leave();
  });
  return true;
}

/** Shows a place of these pages. @param replaces the entry of the history, so that "back" leads past it */
export function go(href: string, { replaces = false }: { replaces?: boolean } = {}): void {
  const url = new URL(href, globalThis.location.href);
  if (url.href === globalThis.location.href) return;
  if (!replaces && isHeld(url.pathname, () => go(href))) return;
  if (replaces) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  const before = place.value.path;
  place.value = read();
  if (place.value.path !== before) globalThis.scrollTo(0, 0);
}

/** Changes parts of the query and leaves the rest; undefined takes a part out. The history keeps one entry. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(`${globalThis.location.pathname}${text && `?${text}`}`, { replaces: true });
}

/** Follows the browser's buttons and the links into these pages. Called once. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    const shown = ROOT + (place.value.path || '/');
    if (question && shown !== globalThis.location.pathname) {
      const { href } = globalThis.location;
      // The entry that was left comes back, until the answer is there.
      history.pushState(null, '', hrefOf(place.value.path, Object.fromEntries(place.value.query)));
      if (isHeld(new URL(href).pathname, () => go(href, { replaces: true }))) return;
    }
    place.value = read();
  });
  document.addEventListener('click', event => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element | null)?.closest('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== globalThis.location.origin) return;
    if (link.pathname !== ROOT && !link.pathname.startsWith(`${ROOT}/`)) return;
    event.preventDefault();
    go(link.href);
  });
}
