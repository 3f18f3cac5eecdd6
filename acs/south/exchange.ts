// CWMP turns the ACS's conversation inside out: its requests ride on HTTP responses. The exchange turns it back: the listener
// hands in what the CPE posts, the session reads and writes it in order.
import type { Clock } from '../../shared/clock.ts';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { type Arguments, type CpeMethod, type MethodName, methods, type Results } from '../../shared/cwmp/methods.ts';
import { type Body, type Envelope, requestBody } from '../../shared/cwmp/soap.ts';
import { type Cpe, SessionLost } from '../fleet/common/ports.ts';

/** What the CPE posted: an envelope, or nothing. */
export type Posted = Envelope | 'empty';
/** What it gets: an envelope (200), or nothing (204). */
export type Reply = Envelope | 'empty';

export interface Turn {
  posted: Posted;
  reply(reply: Reply): void;
}

/** Called for each RPC of the session, either way: metrics and traces. */
export type Observe = (rpc: { method: string; direction: 'to-cpe' | 'to-acs'; fault?: number }) => void;

export class Exchange implements Cpe {
  readonly #clock: Clock;
  readonly #observe: Observe;
  /** Milliseconds that the CPE may take for its next POST (TR-069 3.7.2.4: at least 30 s). */
  inactivityMs = 30_000;
  /** Namespace of the session: that of the Inform, throughout. */
  namespace: Envelope['namespace'] = '1-2';
  /** The CPE takes booleans as words only. */
  words = false;
  rpcs = 0;
  /** Whose session it is, once that is known. */
  device = '';

  #turn: Turn | undefined;
  /** Rejects the POST that is being worked on. */
  #refuse: ((error: Error) => void) | undefined;
  #waiting: { resolve: (turn: Turn) => void; reject: (error: Error) => void } | undefined;
  #lost: Error | undefined;
  #sequence = 0;

  constructor(clock: Clock, observe: Observe) {
    this.#clock = clock;
    this.#observe = observe;
  }

  /** Listener side: hands in one POST, resolves with what to answer. @throws SessionLost when the session has ended or ends */
  post(posted: Posted): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      // TR-069 3.7.1: strict alternation. A second POST before the answer to the first cannot be told apart from an attack.
      if (this.#refuse) return reject(new SessionLost('a POST came before the last one was answered'));
      this.#refuse = reject;
      const reply = (answer: Reply): void => {
        this.#refuse = undefined;
        resolve(answer);
      };
      const turn: Turn = { posted, reply };
      if (this.#waiting) {
        const waiting = this.#waiting;
        this.#waiting = undefined;
        waiting.resolve(turn);
      } else this.#turn = turn;
    });
  }

  /** Ends the session from outside: its next read fails with SessionLost, and so does a POST that waits for an answer. */
  abandon(reason: string): void {
    this.#lost ??= new SessionLost(reason);
    this.#refuse?.(this.#lost);
    this.#refuse = undefined;
    this.#waiting?.reject(this.#lost);
    this.#waiting = undefined;
  }

  /** Session side: the CPE's next POST. @throws SessionLost after the inactivity limit */
  async receive(): Promise<Turn> {
    if (this.#lost) throw this.#lost;
    const ready = this.#turn;
    this.#turn = undefined;
    if (ready) return ready;
    return await new Promise<Turn>((resolve, reject) => {
      const timer = this.#clock.after(this.inactivityMs, () =>
        this.abandon(`no POST for ${this.inactivityMs / 1000} s`),
      );
      const settle =
        <T>(done: (value: T) => void) =>
        (value: T): void => {
          timer.cancel();
          done(value);
        };
      this.#waiting = { resolve: settle(resolve), reject: settle(reject) };
    });
  }

  /** The POST that is still to be answered: the one on which the next ACS request, or the end, will ride. */
  #open: Turn | undefined;

  hold(turn: Turn): void {
    this.#open = turn;
  }

  /** Answers the held POST with nothing: the ACS has no more to ask (TR-069 3.7.2.4). */
  end(): void {
    this.#open?.reply('empty');
    this.#open = undefined;
  }

  answer(turn: Turn, body: Body, headers: Partial<Envelope> = {}): void {
    const id = turn.posted === 'empty' ? undefined : turn.posted.id;
    turn.reply({ namespace: this.namespace, ...(id === undefined ? {} : { id }), ...headers, body });
  }

  /** One RPC to the CPE: rides on the answer to the held POST, its response is the next one. */
  async call<M extends CpeMethod>(method: M, args: Arguments<M>): Promise<Results<M>> {
    const carrier = this.#open;
    if (!carrier) throw new Error(`no POST to carry ${method}`);
    this.#open = undefined;
    this.rpcs++;
    const id = String(++this.#sequence);
    const words = this.words ? { words: true } : {};
    carrier.reply({ namespace: this.namespace, id, ...words, body: requestBody(method, args) as Body });
    const turn = await this.receive();
    this.#open = turn;
    const answer = this.#answerOf(method, id, turn.posted);
    this.#observe({ method, direction: 'to-cpe', ...(answer instanceof CwmpFault ? { fault: answer.code } : {}) });
    if (answer instanceof CwmpFault) throw answer;
    return answer as Results<M>;
  }

  #answerOf(method: MethodName, id: string, posted: Posted): unknown {
    if (posted === 'empty') throw new SessionLost(`an empty POST came where the response to ${method} was owed`);
    const { body } = posted;
    // The ID is echoed by the standard; some CPEs leave it out, then order alone matches (TR-069 3.5 Table 4).
    if (posted.id !== undefined && posted.id.trim() !== id)
      throw new SessionLost(`the answer to ${method} carries the ID of another request`);
    if (body.kind === 'fault') return new CwmpFault(body.fault.code, body.fault.message, body.fault.parameters);
    if (body.kind === 'response' && body.method === method) return body.result;
    if (body.kind === 'invalid') throw new SessionLost(`unreadable response to ${method}: ${body.reason}`);
    throw new SessionLost(
      `${'method' in body ? body.method : body.kind} came where the response to ${method} was owed`,
    );
  }
}

/** Methods that a CPE may call here: the list for GetRPCMethods. */
export const acsMethods: string[] = Object.entries(methods)
  .filter(([, entry]) => entry.to !== 'cpe')
  .map(([name]) => name);
