// The mailboxes of the unit's endpoints, and the table that shows their subscriptions (DGW `SipEp.MwiStatus`).
import type { MailboxView } from '../../voice/events/mailboxes.ts';
import { type ReadValue, rowsOf, type Unit, X } from '../service.ts';
import { hostText, messagingOf, serverAddresses } from './server-addresses.ts';

/**
 * The mailbox that an endpoint subscribes to. Without a messaging host it is asked for at the gateway's own domain, by the user's name
 * (our choice).
 */
export function mailboxOf(
  unit: Unit,
  gateway: string,
  endpoint: string,
  user: string,
): { uri: string; host: string } | undefined {
  const read = (name: string): string | undefined => unit.config.running(`SipEp.${name}`);
  if (endpoint === '' || read(`UserAgent[EpId="${endpoint}"].MwiSubscribe`) !== 'Enable') return undefined;
  const messaging = messagingOf(unit, gateway);
  const own = `GwSpecificMwi[GatewayName="${gateway}"]`;
  const withUser = messaging.host === '' || read(`${own}.UsernameInRequestUriEnable`) === 'Enable';
  const host = messaging.host === '' ? serverAddresses(unit, gateway).domain : hostText(messaging);
  return { uri: withUser ? `sip:${user}@${host}` : `sip:${host}`, host };
}

type Row = MailboxView & { gateway: string; endpoint: string };

/** The values and rows of the table. @param all the mailboxes of every gateway */
export function mailboxStatus(all: (unit: Unit) => { gateway: string; mailboxes: MailboxView[] }[]): {
  values: Record<string, ReadValue>;
  rows: Record<string, (unit: Unit) => readonly number[]>;
} {
  const rows = (unit: Unit): Row[] => {
    const endpoints = rowsOf(unit, 'SipEp.UserAgent', ['EpId', 'Username']);
    return all(unit).flatMap(({ gateway, mailboxes }) =>
      mailboxes.map(view => {
        return { ...view, gateway, endpoint: endpoints.find(row => row.Username === view.user)?.EpId ?? '' };
      }),
    );
  };
  const show =
    (text: (row: Row) => string): ReadValue =>
    (unit, [at = 0]) => {
      const row = rows(unit)[at - 1];
      return row ? text(row) : '';
    };
  const table = `${X}SipEp.MwiStatus.`;
  return {
    values: {
      [`${table}{i}.Index`]: (_unit, [at = 0]) => String(at),
      [`${table}{i}.GatewayName`]: show(row => row.gateway),
      [`${table}{i}.SubscriptionState`]: show(row => row.state),
      [`${table}{i}.Endpoint`]: show(row => row.endpoint),
      [`${table}{i}.MessagingHost`]: show(row => row.host),
      [`${table}{i}.Username`]: show(row => row.user),
    },
    rows: { [table]: unit => rows(unit).map((_, at) => at + 1) },
  };
}
