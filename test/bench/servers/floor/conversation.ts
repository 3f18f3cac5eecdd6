// The conversations of a floor: one POST and its answer. No rules, no accounts, no tasks, no API.
import type { IncomingMessage } from 'node:http';
import { SaxesParser } from 'saxes';
import { baselineRequests } from '../../load/envelopes.ts';
import type { Seen } from '../../work.ts';
import type { Keep } from './keep.ts';
import type { FloorParts } from './parts.ts';
import { type Session, Sessions } from './sessions.ts';

/**
 * The target of a POST names the conversation: `/` Inform and done; `/challenge` the first POST gets a 401 (nothing is verified);
 * `/set`, `/read` one request after the Inform, its answer stored too.
 */
type Target = '/' | '/challenge' | '/set' | '/read';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const informResponse =
  '<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:cwmp="urn:dslforum-org:cwmp-1-2"><soap-env:Body><cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse></soap-env:Body></soap-env:Envelope>';
const challenge = 'Digest realm="floor", nonce="0", qop="auth", algorithm=MD5';
const nothing: Answer = { status: 204, headers: {}, body: '' };

export const xml = (body: string, headers: Record<string, string> = {}): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/xml', ...headers },
  body,
});

interface Told {
  serial: string;
  values: Record<string, string>;
}

function read(body: string): Told {
  const values: Record<string, string> = {};
  let [serial, name, text] = ['', '', ''];
  const parser = new SaxesParser({ xmlns: false });
  parser.on('text', chunk => {
    text += chunk;
  });
  parser.on('opentag', () => {
    text = '';
  });
  parser.on('closetag', tag => {
    if (tag.name === 'SerialNumber') serial = text;
    else if (tag.name === 'Name') name = text;
    else if (tag.name === 'Value') values[name] = text;
    text = '';
  });
  parser.write(body).close();
  return { serial, values };
}

const unread = (body: string): Told => {
  const at = body.indexOf('<SerialNumber>') + '<SerialNumber>'.length;
  return { serial: body.slice(at, body.indexOf('<', at)), values: {} };
};

export class Conversation {
  /** Totals for the bench, which asks for them. */
  readonly seen: Required<Seen> = { sessions: 0, rpcs: 0, values: 0 };
  /** Called once, when a CPE has confirmed a setting. */
  onSet: (() => void) | undefined;
  readonly #sessions: Sessions;
  readonly #keep: Keep;
  readonly #read: (body: string) => Told;

  constructor(parts: FloorParts, keep: Keep) {
    this.#sessions = new Sessions(parts);
    this.#keep = keep;
    this.#read = parts.xml ? read : unread;
  }

  async answer(request: IncomingMessage, body: string): Promise<Answer> {
    const target = (request.url ?? '/') as Target;
    if (body && target === '/challenge' && !request.headers.authorization)
      return { status: 401, headers: { 'www-authenticate': challenge }, body: '' };
    const session = this.#sessions.find(request);
    if (!body) return this.#next(session, target);
    const { serial, values } = this.#read(body);
    const device = session?.asked ? session.device : serial;
    await this.#keep(device, JSON.stringify({ values, time: performance.now() }));
    this.seen.values += Object.keys(values).length;
    if (session?.asked) return this.#answered(session);
    const { cookie } = this.#sessions.begin(device, request.socket);
    return xml(informResponse, { 'set-cookie': `session=${cookie}` });
  }

  #next(session: Session | undefined, target: Target): Answer {
    if (!session) return nothing;
    if (target === '/set' || target === '/read') {
      session.asked = true;
      return xml(baselineRequests[target === '/set' ? 'set' : 'read']);
    }
    this.#over(session);
    return nothing;
  }

  #answered(session: Session): Answer {
    this.seen.rpcs++;
    this.#over(session);
    this.onSet?.();
    return nothing;
  }

  #over(session: Session): void {
    this.seen.sessions++;
    this.#sessions.end(session);
  }
}
