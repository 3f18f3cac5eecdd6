// PINs of SIP terminals for the authenticator: passwords as the exchange has them, a bound on guesses, and the record of wrong ones. A
// terminal that is registered over its flow is not held up by guesses of others in its network.
import type { Clock } from '../../shared/clock.ts';
import { addressText, type Flow } from '../../shared/sip/flow-types.ts';
import type { Admission, Judgement } from '../policy/admission.ts';
import { GuessLimit } from '../policy/guess-limit.ts';
import type { DigestUsers } from './auth.ts';
import { isBound, type Location } from './location.ts';
import { logonOf } from './logon.ts';

export function pinCheck(admission: Admission, location: Location, clock: Clock): DigestUsers {
  const guesses = new GuessLimit(clock);
  const judged = (dir: string, { protocol }: Flow): Judgement | undefined =>
    admission.judge({ kind: 'SIP', dir, product: undefined, encrypted: protocol === 'tls' });
  return {
    passwords: (dir, flow) => judged(dir, flow)?.pins,
    isBarred: (dir, flow) => guesses.isOver(dir, flow.remote.host) && !isBound(location, dir, flow),
    onProved: (dir, flow) => guesses.right(dir, flow.remote.host),
    onFailure: (transaction, dir, failure) => {
      const { request, flow } = transaction;
      if (failure === 'wrong') guesses.wrong(dir, flow.remote.host);
      const what = request.method === 'REGISTER' ? 'registration' : 'call';
      const facts = judged(dir, flow) === undefined ? unknownNumber : pinFault(failure);
      admission.refused(logonOf(dir, transaction), { what, remote: addressText(flow.remote), ...facts });
    },
  };
}

/** For the operator alone: the answers to a telephone do not tell which numbers there are. */
const unknownNumber = { row: 'extension', reason: 'no extension has that number' } as const;

const pinFault = (failure: string): { row: string; reason: string } => ({
  row: 'PIN',
  reason: failure === 'barred' ? 'too many wrong PINs' : 'the PIN is not proved',
});
