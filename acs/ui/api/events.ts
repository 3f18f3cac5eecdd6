// The event stream of the server, with its state, and resumed after a lost connection (Last-Event-ID).
import { type Query, urlOf } from './call.ts';

export type LineState = 'connecting' | 'live' | 'lost';

export interface StreamOptions {
  /** Types of events that are listened to; `summary` among them. */
  types: readonly string[];
  query?: Query;
  /** Called with `gap` too, where events were missed: what is shown is read again. */
  onEvent: (type: string, event: Record<string, unknown>) => void;
  onState?: (state: LineState) => void;
}

export interface Stream {
  end: () => void;
  /** Opens a line that is lost again. */
  reopen: () => void;
}

/**
 * The browser connects again by itself, and sends the id of the last event; it gives up where an answer is no stream, that of a proxy
 * whose server restarts, say: then the line is lost. A page that is hidden has no line: a browser opens six connections to a server at
 * most, for all of its tabs.
 */
export function connectStream({ types, query, onEvent, onState = () => undefined }: StreamOptions): Stream {
  let source: EventSource | undefined;
  const open = (): void => {
    const opened = new EventSource(urlOf('/events', { ...query, types: types.join(',') }));
    source = opened;
    onState('connecting');
    opened.addEventListener('open', () => onState('live'));
    opened.addEventListener('error', () => onState(opened.readyState === EventSource.CLOSED ? 'lost' : 'connecting'));
    for (const type of [...types, 'gap'])
      opened.addEventListener(type, message => onEvent(type, JSON.parse(message.data) as Record<string, unknown>));
  };
  const openAgain = (): void => {
    open();
    onEvent('gap', {});
  };
  const close = (): void => {
    source?.close();
    source = undefined;
  };
  const onVisibility = (): void => {
    if (document.visibilityState === 'hidden') close();
    else if (!source) openAgain();
  };
  if (document.visibilityState !== 'hidden') open();
  document.addEventListener('visibilitychange', onVisibility);
  return {
    end: () => {
      document.removeEventListener('visibilitychange', onVisibility);
      close();
    },
    reopen: () => {
      if (source?.readyState === EventSource.CLOSED) openAgain();
    },
  };
}
