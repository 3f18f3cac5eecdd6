// A client that reads a stream of server-sent events, as text and by event.
export interface EventReader {
  status: number;
  /** All that has come. */
  heard(): string;
  /** The events that have come. */
  events(): SentEvent[];
  isOpen(): boolean;
  end(): void;
}

export interface SentEvent {
  id?: string;
  type: string;
  data: Record<string, unknown>;
}

/** @param last id of the last event that was received */
export async function readEvents(url: string, token: string, last?: string): Promise<EventReader> {
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${token}`, ...(last === undefined ? {} : { 'last-event-id': last }) };
  const answer = await fetch(url, { headers, signal: stop.signal });
  let text = '';
  let isOpen = true;
  const read = async (): Promise<void> => {
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
      text += Buffer.from(chunk).toString();
  };
  read()
    .catch(() => undefined)
    .finally(() => {
      isOpen = false;
    });
  return {
    status: answer.status,
    heard: () => text,
    events: () => text.split('\n\n').flatMap(block => eventOf(block) ?? []),
    isOpen: () => isOpen,
    end: () => stop.abort(),
  };
}

function eventOf(block: string): SentEvent | undefined {
  const fields = new Map(block.split('\n').map(line => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]));
  const [id, type, data] = ['id', 'event', 'data'].map(name => fields.get(name));
  if (type === undefined || data === undefined) return undefined;
  return { ...(id === undefined ? {} : { id }), type, data: JSON.parse(data) as SentEvent['data'] };
}
