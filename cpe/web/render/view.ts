// A page as one person sees it at one moment: the unit, the rights, what was typed and what is wrong with it.
import type { ParameterDef } from '../../../shared/model/definitions.ts';
import { type Account, allowsChange } from '../../services/aaa.ts';
import type { Unit } from '../../services/service.ts';

export interface View {
  readonly unit: Unit;
  readonly account: Account;
  /** Over HTTPS. */
  readonly isSecure: boolean;
  /** Path of the page: `/sip/gateways`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Help is shown. */
  readonly hasHelp: boolean;
  /** The proof that a form came from this unit's page to this session. */
  readonly token: string;
  /** Texts that were typed and are not saved, by path of the parameter. */
  readonly typed: ReadonlyMap<string, string>;
  /** Problems of what was typed, by path of the parameter. */
  readonly errors: ReadonlyMap<string, string>;
  /** Outcome of the last action. */
  readonly said?: { readonly text: string; readonly isError: boolean } | undefined;
}

/** @param service owner of what is changed; absent: something of the unit as a whole */
export function mayChange({ account }: Pick<View, 'account'>, service?: string): boolean {
  return allowsChange(account.rights, service);
}

/** The endpoint whose settings a page shows; '' for those of all. */
export const selectedEndpoint = ({ query }: Pick<View, 'query'>): string => (query.get('endpoint') ?? '').slice(0, 50);

/** The address of the page itself, with its help and the endpoint selected. */
export function addressOf(view: View, hasHelp = view.hasHelp): string {
  const endpoint = selectedEndpoint(view);
  const query = [
    ...(hasHelp ? ['help'] : []),
    ...(endpoint === '' ? [] : [`endpoint=${encodeURIComponent(endpoint)}`]),
  ];
  return query.length === 0 ? view.path : `${view.path}?${query.join('&')}`;
}

/** A link that keeps the help on. */
export const linkTo = ({ hasHelp }: View, path: string): string => (hasHelp ? `${path}?help` : path);

export const isEditable = (view: View, def: ParameterDef): boolean =>
  def.writable && !def.rowCommand && mayChange(view, def.service);
