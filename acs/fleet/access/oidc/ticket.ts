// The ticket of a sign-in that has begun: the browser keeps it, sealed, until it comes back from the identity provider.
import { UserError } from '../../../errors.ts';
import type { FleetContext } from '../../common/context.ts';
import type { SignInProof } from '../../common/ports.ts';

/** A sign-in ends within this time after it was begun. */
export const TICKET_MS = 10 * 60_000;

export interface Ticket extends SignInProof {
  /** The path to which the browser goes at last. */
  to: string;
  until: number;
}

/** @throws UserError 400 `oidc-expired` */
export function openedTicket(
  sealed: string | undefined,
  { secrets, clock }: Pick<FleetContext, 'secrets' | 'clock'>,
): Ticket {
  try {
    const ticket = JSON.parse(secrets.open(sealed ?? '')) as Ticket;
    if (ticket.until > clock.now()) return ticket;
  } catch (error) {
    // A text that this server has not sealed as a ticket, or none.
    if (!(error instanceof UserError || error instanceof SyntaxError)) throw error;
  }
  const reason = 'the sign-in was begun in another browser, or more than ten minutes ago; begin again';
  throw new UserError(400, 'oidc-expired', reason);
}
