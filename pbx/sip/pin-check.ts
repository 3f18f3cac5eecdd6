// PINs of SIP terminals for the authenticator: passwords as the exchange has them, a bound on guesses, and the record of wrong ones. A
// terminal that is registered over its flow is not held up by guesses of others in its network.
import type { Clock } from '../../shared/clock.ts';
import { addressText, type Flow } from '../../shared/sip/flow-types.ts';
import type { Admission } from '../policy/admission.ts';
import { GuessLimit } from '../policy/guess-limit.ts';
import type { DigestUsers } from './auth.ts';
import { isBound, type Location } from './location.ts';
import { logonOf } from './logon.ts';

export function pinCheck(admission: Admission, location: Location, clock: Clock): DigestUsers {
  const guesses = new GuessLimit(clock);
  const passwords = (dir: string, { protocol }: Flow): readonly string[] | undefined =>
    admission.judge({ kind: 'SIP', dir, product: undefined, encrypted: protocol === 'tls' })?.pins;
  return {
    passwords,
    isBarred: (dir, flow) => guesses.isOver(dir, flow.remote.host) && !isBound(location, dir, flow),
    onProved: (dir, flow) => guesses.right(dir, flow.remote.host),
    onFailure: (transaction, dir, failure) => {
      const { request, flow } = transaction;
      if (failure === 'wrong') guesses.wrong(dir, flow.remote.host);
      const what = request.method === 'REGISTER' ? 'registration' : 'call';
      const reason = failure === 'barred' ? 'too many wrong PINs' : 'the PIN is not proved';
      admission.refused(logonOf(dir, transaction), { what, remote: addressText(flow.remote), row: 'PIN', reason });
    },
  };
}
