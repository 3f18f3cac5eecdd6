// CWMP inverts the conversation: the requests of the ACS travel in HTTP responses. The exchange inverts it back: the listener hands in
// what the CPE posts, and the session calls the CPE as if it were a server.
import type { Clock } from '../../shared/clock.ts';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { type Arguments, type CpeMethod, type MethodName, methods, type Results } from '../../shared/cwmp/methods.ts';
import { type Body, type Envelope, requestBody } from '../../shared/cwmp/soap.ts';
import type { Version } from '../../shared/cwmp/versions.ts';
import { type Cpe, SessionLost, UnreadableAnswer } from '../fleet/common/ports.ts';
import { type Posted, PostStream, type Reply, type Turn } from './post-stream.ts';

/** Called for each RPC of the session, in either direction: metrics and traces. */
export type Observe = (rpc: { method: string; direction: 'to-cpe' | 'to-acs'; fault?: number }) => void;

/** All that a session has exchanged so far. */
interface SessionCounts {
  rpcs: number;
  /** Bytes of the messages from the CPE and to it, as they were sent. */
  bytesUp: number;
  bytesDown: number;
  /** The last fault with which the CPE has answered. */
  fault?: number;
}

export class Exchange implements Cpe {
  readonly #posts: PostStream;
  readonly #observe: Observe;
  /** Milliseconds that the CPE may take for its next POST (TR-069 3.7.2.4: at least 30 s). */
  inactivityMs = 30_000;
  /** Namespace of the session: that of the Inform, throughout; and the version that the CPE speaks by it. */
  namespace: Envelope['namespace'] = '1-2';
  cwmp: Version = '1.0';
  /** The CPE reads booleans as words only. */
  words = false;
  readonly counts: SessionCounts = { rpcs: 0, bytesUp: 0, bytesDown: 0 };
  /** The id of the device, once the Inform is admitted. */
  device = '';
  /** The POST that is still to be answered: its answer carries the next ACS request, or the end. */
  #open: Turn | undefined;
  /** The CPE owes the answer to an RPC. */
  isOwed = false;
  #sequence = 0;

  constructor(clock: Clock, observe: Observe) {
    this.#posts = new PostStream(clock);
    this.#observe = observe;
  }

  /** Listener side: hands in one POST. @returns its answer @throws SessionLost when the session has ended or ends */
  post(posted: Posted): Promise<Reply> {
    return this.#posts.post(posted);
  }

  /** The time on the monotonic clock since which the CPE has been silent; undefined while the ACS works. */
  waitingSince(): number | undefined {
    return this.#posts.waitingSince;
  }

  /** Ends the session from outside: its next read fails with SessionLost, and so does a POST that waits for an answer. */
  abandon(reason: string | SessionLost): void {
    this.#posts.abandon(reason);
  }

  /** Session side: the CPE's next POST. @throws SessionLost after the inactivity limit */
  receive(): Promise<Turn> {
    return this.#posts.receive(this.inactivityMs);
  }

  /** Keeps a POST open: its answer will carry the next request of the ACS. */
  hold(turn: Turn): void {
    this.#open = turn;
  }

  /** Answers the held POST with nothing: the ACS has no more requests (TR-069 3.7.2.4). A later POST finds the session over. */
  end(): void {
    this.#open?.reply('empty');
    this.#open = undefined;
    this.abandon('the session is over');
  }

  answer(turn: Turn, body: Body, headers: Partial<Envelope> = {}): void {
    const id = turn.posted === 'empty' ? undefined : turn.posted.id;
    turn.reply({ namespace: this.namespace, ...(id === undefined ? {} : { id }), ...headers, body });
  }

  /** One RPC to the CPE: travels in the answer to the held POST, and the next POST is its response. */
  async call<M extends CpeMethod>(method: M, args: Arguments<M>): Promise<Results<M>> {
    const carrier = this.#open;
    if (!carrier) throw new Error(`no POST to carry ${method}`);
    this.#open = undefined;
    this.counts.rpcs++;
    const id = String(++this.#sequence);
    const words = this.words ? { words: true } : {};
    carrier.reply({ namespace: this.namespace, id, ...words, body: requestBody(method, args) as Body });
    this.isOwed = true;
    const turn = await this.receive();
    this.isOwed = false;
    this.#open = turn;
    const answer = answerTo(method, id, turn.posted);
    this.#observe({ method, direction: 'to-cpe', ...(answer instanceof CwmpFault ? { fault: answer.code } : {}) });
    if (answer instanceof CwmpFault) throw answer;
    return answer as Results<M>;
  }
}

/**
 * An answer that cannot be read, or is to another method, fails its RPC: it is as good as a fault, and the session goes on.
 * @returns the result, or the fault @throws SessionLost where the CPE posted no answer
 */
function answerTo(method: MethodName, id: string, posted: Posted): unknown {
  if (posted === 'empty') throw new SessionLost(`an empty POST came where the response to ${method} was owed`);
  const { body } = posted;
  // The standard has the CPE echo the ID; some CPEs omit it, then order alone matches (TR-069 3.5 Table 4).
  if (posted.id !== undefined && posted.id.trim() !== id)
    throw new SessionLost(`the answer to ${method} carries the ID of another request`);
  if (body.kind === 'fault') return new CwmpFault(body.fault.code, body.fault.message, body.fault.parameters);
  if (body.kind === 'response' && body.method === method) return body.result;
  if (body.kind === 'unreadable' || (body.kind === 'invalid' && body.of === 'response' && body.method === method))
    return new UnreadableAnswer(method, body.reason);
  const came = 'method' in body ? body.method : body.kind === 'unknown' ? body.name : body.kind;
  if (body.kind === 'response' || body.kind === 'unknown' || (body.kind === 'invalid' && body.of === 'response'))
    return new UnreadableAnswer(method, `it is ${body.kind === 'unknown' ? came : `a ${came}Response`}`);
  throw new SessionLost(`${came} came where the response to ${method} was owed`);
}

/** Methods that a CPE may call here: the list for GetRPCMethods. */
export const acsMethods: string[] = Object.entries(methods)
  .filter(([, entry]) => entry.to !== 'cpe')
  .map(([name]) => name);
