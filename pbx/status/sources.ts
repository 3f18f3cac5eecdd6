// The facts that the status page and the metrics show, as the exchange's parts hand them over.
import type { Exchange } from '../exchange/exchange.ts';
import type { RegisteredTerminal } from '../exchange/terminals.ts';
import type { Refusal } from '../policy/refusals.ts';
import type { RouteInfo } from '../routes/routes.ts';

/** A call, of either kind. */
export interface ShownCall {
  kind: RegisteredTerminal['kind'];
  /** Parties: two terminals, a media gateway, another exchange. */
  way?: string;
  from: string;
  to: string;
  state: string;
  /** Profile of the media, such as `RTP/SAVP`. */
  media?: string;
  encrypted?: boolean;
  /** Switch of media encryption that decides about it. */
  decidedBy?: string;
  seconds: number;
}

/** SIP messages since the start, and H.323 messages that came. */
export interface MessageCount {
  kind: RegisteredTerminal['kind'];
  direction: 'received' | 'sent';
  /** SIP: method of a request, class of an answer. H.323: name in H.225.0. */
  type: string;
  count: number;
}

export interface StatusSources {
  domain: string;
  ports: Readonly<Record<string, number>>;
  exchange: Exchange;
  terminals(): readonly RegisteredTerminal[];
  calls(): readonly ShownCall[];
  /** SIP routes and their connections. */
  routes(): readonly RouteInfo[];
  /** The last ones, newest first. */
  refusals(): readonly Refusal[];
  /** All since the start, by row. */
  refusalTotals(): ReadonlyMap<string, number>;
  connections(): readonly { protocol: string }[];
  messages(): readonly MessageCount[];
}
