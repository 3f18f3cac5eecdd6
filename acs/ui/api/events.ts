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

/**
 * The browser connects again by itself, and sends the id of the last event. A page that is hidden has no line: a browser opens six
 * connections to a server at most, for all of its tabs.
 * @returns ends the stream
 */
export function openStream({ types, query, onEvent, onState = () => undefined }: StreamOptions): () => void {
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
  const close = (): void => {
    source?.close();
    source = undefined;
  };
  const onVisibility = (): void => {
    if (document.visibilityState === 'hidden') close();
    else if (!source) {
      open();
      onEvent('gap', {});
    }
  };
  if (document.visibilityState !== 'hidden') open();
  document.addEventListener('visibilitychange', onVisibility);
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    close();
  };
}
