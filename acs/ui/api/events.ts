// The event stream of the server, with its state, and resumed after a lost connection (Last-Event-ID).
import { type Query, urlOf } from './call.ts';

export type LineState = 'connecting' | 'live' | 'lost';

export interface StreamOptions {
  /** Types of events that are listened to; `summary` among them. */
  types: readonly string[];
  query?: Query;
  onEvent: (type: string, event: Record<string, unknown>) => void;
  onState?: (state: LineState) => void;
}

/** The browser connects again by itself, and sends the id of the last event. @returns ends the stream */
export function openStream({ types, query, onEvent, onState = () => undefined }: StreamOptions): () => void {
  const source = new EventSource(urlOf('/events', { ...query, types: types.join(',') }));
  onState('connecting');
  source.addEventListener('open', () => onState('live'));
  source.addEventListener('error', () => onState(source.readyState === EventSource.CLOSED ? 'lost' : 'connecting'));
  for (const type of [...types, 'gap'])
    source.addEventListener(type, message => onEvent(type, JSON.parse(message.data) as Record<string, unknown>));
  return () => source.close();
}
